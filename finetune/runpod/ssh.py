"""Files to and from the pod: the system's ssh and scp, called with lists of arguments.

Each run has a key of its own. The pod's host key is read from its log through the API, which is
authenticated; where the log has none, the first key that is shown is kept, and that is said.
"""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from finetune.runpod.api import Endpoint
from taxqa.errors import ServiceError, TaxqaError

KEY = "key"
KNOWN_HOSTS = "known_hosts"
TRANSFER_SECONDS = 3600
"""Most that one file may take; a base model of 8 GB needs a while."""


class LinkError(ServiceError):
    """The pod could not be reached, or a transfer broke off; it may work at the next try."""


@dataclass(frozen=True)
class Link:
    """A way to a pod."""

    endpoint: Endpoint
    folder: Path
    """Holds the key and the known hosts."""

    def options(self) -> list[str]:
        """Options that ssh and scp share; nothing of the user's own ssh configuration counts."""
        known = self.folder / KNOWN_HOSTS
        checking = "yes" if known.is_file() and known.stat().st_size else "accept-new"
        settings = {
            "BatchMode": "yes",
            "IdentitiesOnly": "yes",
            "StrictHostKeyChecking": checking,
            "UserKnownHostsFile": quoted(known),
            "GlobalKnownHostsFile": "/dev/null",
            "PasswordAuthentication": "no",
            "ForwardAgent": "no",
            "ConnectTimeout": "15",
            "ServerAliveInterval": "15",
            "ServerAliveCountMax": "4",
            "LogLevel": "ERROR",
        }
        set_by = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
        return ["-F", "none", "-i", str(self.folder / KEY), *set_by]

    def put(self, local: Path, remote: str) -> None:
        """Copy a file to the pod."""
        self.copy(str(local.resolve()), self.at(remote))

    def get(self, remote: str, local: Path) -> None:
        """Copy a file or folder from the pod."""
        self.copy(self.at(remote), str(local.resolve()))

    def at(self, remote: str) -> str:
        """A place on the pod, in scp's way."""
        host = self.endpoint.host
        return f"{self.endpoint.username}@{f'[{host}]' if ':' in host else host}:{remote}"

    def copy(self, source: str, to: str) -> None:
        """Run scp."""
        port = ["-P", str(self.endpoint.port)]
        run(["scp", "-q", "-r", *self.options(), *port, source, to])

    def write(self, text: str, command: str) -> None:
        """Give `text` to the standard input of a fixed command on the pod."""
        host = f"{self.endpoint.username}@{self.endpoint.host}"
        port = ["-p", str(self.endpoint.port)]
        run(["ssh", *self.options(), *port, host, command], text)

    def trust(self, host_key: str) -> None:
        """Take only this host key ('ssh-ed25519 AAAA…') from now on."""
        host, port = self.endpoint.host, self.endpoint.port
        kind, key = host_key.split()[:2]
        text = f"[{host}]:{port} {kind} {key}\n{host} {kind} {key}\n"
        (self.folder / KNOWN_HOSTS).write_text(text, encoding="utf-8")

    def forget_host(self) -> None:
        """Another pod comes, with a key of its own."""
        (self.folder / KNOWN_HOSTS).unlink(missing_ok=True)


def quoted(path: Path) -> str:
    """A path as a value in ssh's configuration: blanks kept, no token of ssh's in it."""
    return '"' + str(path.resolve()).replace("%", "%%") + '"'


def run(command: list[str], text: str | None = None) -> None:
    """Run ssh or scp; LinkError with what it says where it fails."""
    try:
        done = subprocess.run(
            command,
            input=text,
            stdin=subprocess.DEVNULL if text is None else None,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TRANSFER_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise LinkError(f"{command[0]} took longer than {TRANSFER_SECONDS} s.") from None
    if done.returncode:
        said = " ".join(done.stderr.split()) or f"status {done.returncode}"
        raise LinkError(f"{command[0]} to the pod failed: {said}")


def require_ssh() -> None:
    """TaxqaError unless ssh, scp and ssh-keygen are there."""
    for program in ("ssh", "scp", "ssh-keygen"):
        if shutil.which(program) is None:
            raise TaxqaError(
                f"The program {program} was not found; training on RunPod needs OpenSSH.",
                hint="Install OpenSSH (Debian: apt install openssh-client; a Mac has it).",
            )


def make_key(folder: Path) -> str:
    """A new key pair in a private folder, or the one that is there; the public part."""
    key = folder / KEY
    if not key.with_suffix(".pub").is_file():
        key.unlink(missing_ok=True)
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "taxqa", "-f", str(key)]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )
        if done.returncode:
            raise TaxqaError(f"ssh-keygen made no key: {' '.join(done.stderr.split())}")
    return key.with_suffix(".pub").read_text(encoding="utf-8").strip()
