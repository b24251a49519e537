# Makes the current directory a repository whose history holds a file that is no longer there: repository BYTES
repository() {
  git init -q . && git config user.name someone && git config user.email someone@example.org
  python3 ../../common/noise.py history "$1" > recording.mov
  git add -A && git commit -qm "Begin" && git rm -q recording.mov && git commit -qm "Remove the recording"
}
