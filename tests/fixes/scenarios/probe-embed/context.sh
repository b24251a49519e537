. ../../common/repository.sh
mkdir -p cmd/probe testdata bin docs
printf 'module example.org/probe\n\ngo 1.22\n' > go.mod
printf 'package probe\n\nimport _ "embed"\n\n//go:embed testdata/answer.txt\nvar Answer string\n' > probe.go
printf 'forty-two\n' > testdata/answer.txt
printf 'package probe\n\nimport "testing"\n\nfunc TestAnswer(t *testing.T) {}\n' > probe_test.go
python3 ../../common/noise.py testdata 3000000 > testdata/capture.pcap
python3 ../../common/noise.py oldbinary 2000000 > bin/probe
printf 'package main\n\nimport (\n\t"fmt"\n\n\t"example.org/probe"\n)\n\nfunc main() {\n\tfmt.Print(probe.Answer)\n}\n' > cmd/probe/main.go
repository 3500000
