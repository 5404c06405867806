#!@PYTHON@ -S
"""`ssh` and `scp` for the fake RunPod: real argument lists, checked keys, copied files."""

import http.client
import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path("@ROOT@")


def refuse(text: str, status: int = 255) -> None:
    sys.stderr.write(f"{text}\n")
    sys.exit(status)


def parsed(arguments: list[str]) -> tuple[dict[str, str], dict[str, str], list[str]]:
    """(options with a value, -o settings, the rest) of a command line."""
    options: dict[str, str] = {}
    settings: dict[str, str] = {}
    rest: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "-o":
            name, _, value = next(words).partition("=")
            settings[name] = value
        elif word in ("-F", "-i", "-P", "-p"):
            options[word.lower() if word == "-P" else word] = next(words)
        elif word in ("-q", "-r"):
            continue
        elif word.startswith("-") and not rest:
            refuse(f"unknown option {word}")
        else:
            rest.append(word)
    return options, settings, rest


def checked(options: dict[str, str], settings: dict[str, str], where: dict[str, str]) -> None:
    """What sshd and ssh check of each other."""
    key = Path(options["-i"])
    if key.stat().st_mode & 0o077 or key.parent.stat().st_mode & 0o077:
        refuse("UNPROTECTED PRIVATE KEY FILE")
    public = key.with_suffix(".pub").read_text(encoding="utf-8").split()[:2]
    if public != where["public_key"].split()[:2]:
        refuse("Permission denied (publickey).")
    known = Path(shlex.split(settings["UserKnownHostsFile"])[0].replace("%%", "%"))
    line = f"[127.0.0.1]:{options['-p']} {where['host_key']}"
    lines = known.read_text(encoding="utf-8").splitlines() if known.is_file() else []
    if line not in lines:
        if settings["StrictHostKeyChecking"] != "accept-new" or lines:
            refuse("Host key verification failed.")
        known.write_text(line + "\n", encoding="utf-8")
    if options["-F"] != "none" or settings["BatchMode"] != "yes":
        refuse("the user's own settings would count")


def place(path: str, where: dict[str, str]) -> Path:
    """A path of the pod on this machine."""
    return Path(path.replace("/opt", where["root"]).replace("/workspace", where["volume"]))


def copy(source: Path, to: Path) -> None:
    if not source.exists():
        refuse(f"scp: {source}: No such file or directory", 1)
    target = to / source.name if to.is_dir() else to
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        shutil.copyfile(source, target)


def main() -> None:
    options, settings, rest = parsed(sys.argv[1:])
    port = ROOT / "ports" / f"{options['-p']}.json"
    if not port.is_file():
        refuse("ssh: connect to host 127.0.0.1: Connection refused")
    where = json.loads(port.read_text(encoding="utf-8"))
    checked(options, settings, where)
    address = urlsplit(where["url"])
    connection = http.client.HTTPConnection(address.netloc)
    connection.request("POST", "/v2/tick")
    connection.getresponse().read()
    if where.get("down"):
        refuse("ssh: connect to host 127.0.0.1: Connection timed out")
    if Path(sys.argv[0]).name == "ssh":
        host, command = rest
        assert host == "root@127.0.0.1"
        command = command.replace("/opt", where["root"])
        sys.exit(subprocess.run(["bash", "-c", command], stdin=sys.stdin).returncode)
    source, to = rest
    prefix = "root@127.0.0.1:"
    if source.startswith(prefix):
        copy(place(source.removeprefix(prefix), where), Path(to))
    else:
        copy(Path(source), place(to.removeprefix(prefix), where))


main()
