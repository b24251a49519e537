. ../../common/rust.sh
rust tally
mkdir config benches
printf 'level = "info"\n' > config/default.toml
printf 'fn main() {}\n' > benches/all.rs
