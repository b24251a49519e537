cat > main.go <<'G'
package main

import (
	"fmt"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

func main() {
	fmt.Println(cases.Title(language.English).String("queue"))
}
G
printf 'module example.org/queue\n\ngo 1.22\n\nrequire golang.org/x/text v0.18.0\n' > go.mod
GOFLAGS=-mod=mod go mod tidy
