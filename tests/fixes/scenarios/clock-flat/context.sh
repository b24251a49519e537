cat > clock.c <<'C'
#include <stdio.h>

int main(void) {
  puts("now");
  return 0;
}
C
