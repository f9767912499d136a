"""Collect everything that a closed network needs to install confide: `python scripts/bundle.py OUT`.

OUT gets the wheels of `requirements/base.txt` (each checked against its hash) and our own, `requirements.txt`
with all hashes, a bill of materials (CycloneDX 1.5), `INSTALL.md` in both languages, and `SHA256SUMS` over all of it.
No file names a host. The wheels are those of the platform and the Python that this runs on.
"""

import hashlib
import json
import platform
import shutil
import subprocess
import sys
import uuid
import zipfile
from collections.abc import Iterable
from email import message_from_bytes
from email.message import Message
from pathlib import Path

from confide.types import Json

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements" / "base.txt"
INSTALL = """# Install confide {version} without a network

For Python {python} on {system}. Carry this folder over as it is, and check that it arrived whole:

```text
sha256sum --check --strict SHA256SUMS
```

Then two commands:

```text
python{python} -m venv confide-env
confide-env/bin/python -m pip install --no-index --find-links wheels --require-hashes -r requirements.txt
```

`confide-env/bin/confide demo` shows that it works. What is inside stands in `bom.cdx.json`.

# 在无网络的环境安装 confide {version}

适用于 {system} 上的 Python {python}。请将整个文件夹原样带入，并核对其完整：

```text
sha256sum --check --strict SHA256SUMS
```

然后运行两条命令：

```text
python{python} -m venv confide-env
confide-env/bin/python -m pip install --no-index --find-links wheels --require-hashes -r requirements.txt
```

`confide-env/bin/confide demo` 可确认安装成功。所含内容见 `bom.cdx.json`。
"""


def collect(out: Path) -> None:
    """Write the bundle to `out`, which must not exist yet."""
    wheels = out / "wheels"
    wheels.mkdir(parents=True)
    _pip("download", "--require-hashes", "--only-binary", ":all:", "-r", str(LOCK), "-d", str(wheels))
    _pip("wheel", "--no-deps", "--no-build-isolation", "-w", str(wheels), str(ROOT))
    (own,) = wheels.glob("confide-*.whl")
    version = own.name.split("-")[1]
    lock = "\n".join(
        line for line in LOCK.read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#")
    )
    (out / "requirements.txt").write_text(
        f"confide=={version} --hash=sha256:{sha256(own)}\n{lock}\n", encoding="utf-8"
    )
    found = sorted(wheels.glob("*.whl"))
    for wheel in found:
        wheel.chmod(0o644)  # whoever installs may be another user than who collected
    bom = bill_of_materials((metadata_of(path), sha256(path)) for path in found)
    (out / "bom.cdx.json").write_text(json.dumps(bom, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    about = INSTALL.format(
        version=version,
        python=f"{sys.version_info.major}.{sys.version_info.minor}",
        system=f"{platform.system()} {platform.machine()}",
    )
    (out / "INSTALL.md").write_text(about, encoding="utf-8")
    shutil.copy(ROOT / "LICENSE", out / "LICENSE")
    files = sorted(path for path in out.rglob("*") if path.is_file())
    sums = "".join(f"{sha256(path)}  {path.relative_to(out).as_posix()}\n" for path in files)
    (out / "SHA256SUMS").write_text(sums, encoding="ascii")


def bill_of_materials(parts: Iterable[tuple[Message, str | None]]) -> Json:
    """Return a CycloneDX 1.5 document of these parts: (metadata of the distribution, SHA-256 of its wheel).

    The same parts give the same document: there is no time in it, and its number is made from its content.
    """
    components = [component(metadata, digest) for metadata, digest in parts]
    components.sort(key=lambda each: str(each["purl"]))
    number = uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(components, sort_keys=True))
    own = next((each for each in components if each["name"] == "confide"), None)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{number}",
        "version": 1,
        "metadata": {"component": own} if own else {},
        "components": [each for each in components if each is not own],
    }


def component(metadata: Message, digest: str | None) -> Json:
    """Return one part of the bill: name, version, licence, hash, purl."""
    name, version = str(metadata["Name"]), str(metadata["Version"])
    purl = f"pkg:pypi/{name.lower().replace('_', '-').replace('.', '-')}@{version}"
    found: Json = {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}
    if licences := licences_of(metadata):
        found["licenses"] = licences
    if digest is not None:
        found["hashes"] = [{"alg": "SHA-256", "content": digest}]
    return found


def licences_of(metadata: Message) -> list[Json]:
    """Return what a distribution says of its licence: an SPDX expression, else its classifiers, else one line."""
    if expression := metadata["License-Expression"]:
        return [{"expression": str(expression)}]
    classifiers = [
        str(each) for each in metadata.get_all("Classifier") or () if str(each).startswith("License ::")
    ]
    names = [each.rpartition(" :: ")[2] for each in classifiers if each.count(" :: ") > 1]
    line = str(metadata["License"] or "").strip().partition("\n")[0]
    return [{"license": {"name": name}} for name in names or ([line] if line else [])]


def metadata_of(wheel: Path) -> Message:
    """Read the metadata inside a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (
            each
            for each in archive.namelist()
            if each.count("/") == 1 and each.endswith(".dist-info/METADATA")
        )
        return message_from_bytes(archive.read(name))


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _pip(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "pip", "--disable-pip-version-check", "-q", *arguments], check=True)  # noqa: S603


if __name__ == "__main__":
    if len(sys.argv) != 2 or Path(sys.argv[1]).exists():
        sys.exit("usage: python scripts/bundle.py OUT   (OUT must not exist yet)")
    collect(Path(sys.argv[1]))
