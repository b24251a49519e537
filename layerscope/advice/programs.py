"""Programs of the system that strategies know: what they run, read and need is in their words."""

MANAGERS = frozenset({"apt-get", "apt", "apt-mark", "apk", "dnf", "microdnf", "yum"})
SYSTEM = MANAGERS | {
    "addgroup", "adduser", "cat", "cd", "chmod", "chown", "cp", "du", "echo", "export", "groupadd", "ldconfig", "ln",
    "locale-gen", "ls", "mkdir", "mv", "printf", "rm", "rmdir", "sed", "set", "tar", "test", "touch", "true",
    "update-ca-certificates", "useradd", "usermod", "which", ":", "[",
}  # fmt: skip
"""What neither compiles, nor calls a package of a language, nor reads a file of the project without naming it."""
