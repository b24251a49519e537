# Writes a small Cargo project: rust NAME
rust() {
  mkdir src
  printf '[package]\nname = "%s"\nversion = "0.3.0"\nedition = "2021"\n\n[dependencies]\nblake3 = { version = "1", default-features = false, features = ["pure"] }\nserde_json = "1"\n' "$1" > Cargo.toml
  cat > src/main.rs <<'R'
fn main() {
    let sum = blake3::hash(b"hello").to_hex().to_string();
    println!("{}", serde_json::json!({ "sum": sum }));
}
R
  cargo generate-lockfile --quiet
}
