mkdir packages
python3 - <<'P'
import hashlib, json, subprocess, sys, zipfile

def package(name, version, size):
    short = name.split("/")[1]
    about = {"name": name, "version": version, "type": "library", "autoload": {"files": [f"{short}.php"]}}
    noise = subprocess.run([sys.executable, "../../common/noise.py", name, str(size)], capture_output=True).stdout
    with zipfile.ZipFile(f"packages/{short}-{version}.zip", "w") as archive:
        for path, content in (
            ("composer.json", json.dumps(about)),
            (f"{short}.php", f"<?php\nfunction {short}() {{ return '{version}'; }}\n"),
            ("data.bin", noise),
        ):
            archive.writestr(zipfile.ZipInfo(f"{short}/{path}", (2024, 1, 1, 0, 0, 0)), content)
    sha = hashlib.sha1(open(f"packages/{short}-{version}.zip", "rb").read()).hexdigest()
    dist = {"type": "zip", "url": f"packages/{short}-{version}.zip", "reference": None, "shasum": sha}
    return {**about, "dist": dist}

needed = [package("acme/mailing", "1.2.0", 200000)]
tests = [package("acme/testing", "4.0.0", 1800000), package("acme/mocking", "1.0.0", 700000)]
repositories = [{"type": "artifact", "url": "packages"}, {"packagist.org": False}]
about = {"name": "acme/orders", "repositories": repositories, "require": {"acme/mailing": "^1.2"},
    "require-dev": {"acme/testing": "^4.0", "acme/mocking": "^1.0"}}
open("composer.json", "w").write(json.dumps(about, indent=4) + "\n")
lock = {"packages": needed, "packages-dev": tests, "aliases": [], "minimum-stability": "stable", "stability-flags": {},
    "prefer-stable": False, "prefer-lowest": False, "platform": {}, "platform-dev": {}, "plugin-api-version": "2.3.0",
    "content-hash": hashlib.md5(
        json.dumps(about, sort_keys=True, separators=(",", ":")).replace("/", "\\/").encode()).hexdigest()}
open("composer.lock", "w").write(json.dumps(lock, indent=4) + "\n")
P
printf '<?php\nrequire "vendor/autoload.php";\necho mailing(), "\\n";\n' > /dev/null
. ../../common/repository.sh
mkdir -p public tests storage/logs
printf '<?php\nrequire __DIR__ . "/../vendor/autoload.php";\necho mailing(), "\\n";\n' > public/index.php
printf '<?php\nclass ParcelTest {}\n' > tests/ParcelTest.php
python3 ../../common/noise.py applog 800000 | base64 > storage/logs/parcels.log
printf 'APP_KEY=9f3c1b7a55d04e21\n' > .env.example
printf 'vendor\n*.log\n' > .gitignore
repository 2500000
