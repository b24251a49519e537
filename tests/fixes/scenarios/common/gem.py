"""``python3 gem.py NAME VERSION BYTES DIRECTORY``: a Ruby gem with some code, as ``gem build`` packs it."""

import gzip
import io
import subprocess
import sys
import tarfile
from pathlib import Path

_SPECIFICATION = """--- !ruby/object:Gem::Specification
name: {name}
version: !ruby/object:Gem::Version
  version: {version}
platform: ruby
authors:
- someone
bindir: bin
date: 2024-01-01 00:00:00.000000000 Z
summary: {name}
files:
- lib/{name}.rb
- lib/{name}/data.bin
require_paths:
- lib
required_ruby_version: !ruby/object:Gem::Requirement
  requirements:
  - - ">="
    - !ruby/object:Gem::Version
      version: '0'
required_rubygems_version: !ruby/object:Gem::Requirement
  requirements:
  - - ">="
    - !ruby/object:Gem::Version
      version: '0'
rubygems_version: 3.3.15
specification_version: 4
"""


def packed(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path, content in files.items():
            member = tarfile.TarInfo(path)
            member.size, member.mode = len(content), 0o644
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


name, version, size, folder = sys.argv[1:]
noise = subprocess.run(
    [sys.executable, str(Path(__file__).with_name("noise.py")), name, size], capture_output=True, check=True
).stdout
code = f'module {name.capitalize()}\n  VERSION = "{version}"\nend\n'.encode()
data = packed({f"lib/{name}.rb": code, f"lib/{name}/data.bin": noise})
specification = _SPECIFICATION.format(name=name, version=version).encode()
gem = packed({"metadata.gz": gzip.compress(specification, mtime=0), "data.tar.gz": gzip.compress(data, mtime=0)})
Path(folder, f"{name}-{version}.gem").write_bytes(gem)
