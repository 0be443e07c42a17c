"""A certificate for a private server on this machine."""

import shutil
import subprocess
from pathlib import Path

from highnoon.exceptions import MissingDependencyError

__all__ = ["make_certificate"]


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """Write a self-signed certificate of 127.0.0.1 and its key, and return their paths.

    Raises:
        MissingDependencyError: The program openssl is not installed.
    """
    openssl = shutil.which("openssl")
    if openssl is None:
        raise MissingDependencyError(
            "A server with TLS needs the program openssl. Install it: apt-get install openssl"
        )
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = [openssl, "req", "-x509", "-nodes", "-newkey", "rsa:2048", "-days", "2"]
    command += ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    command += ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    key.chmod(0o600)
    return certificate, key
