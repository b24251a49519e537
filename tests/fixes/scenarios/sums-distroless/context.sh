. ../../common/rust.sh
rust sums
