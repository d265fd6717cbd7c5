"""Java 3.8.0 as its jars have it: classes, what they extend, their methods and fields, and the words in them."""

import hashlib
import json
import os
import re
import subprocess
import zipfile

from gate import HOME

JARS = ("/usr/share/java/zookeeper.jar", "/usr/share/java/zookeeper-jute.jar")
CACHE = os.path.join(HOME, "build", "xref")


def words_of(jar):
    """The bytes of all classes, one behind the other: what Java says stands in them."""
    with zipfile.ZipFile(jar) as archive:
        return b"".join(archive.read(name) for name in archive.namelist() if name.endswith(".class"))


class Class:
    """members: names of fields, and of methods with "()"; <init>() is a constructor. methods: in the order of the
    source, each once (javac writes them in that order)."""

    def __init__(self, name, super_name, members=(), methods=()):
        self.name, self.super_name = name, super_name
        self.members, self.methods = list(members), list(methods)

    @property
    def short(self):
        """QuorumCnxManager.SendWorker for org.apache.zookeeper.server.quorum.QuorumCnxManager$SendWorker"""
        return re.sub(r"^([a-z][a-z0-9]*\.)+", "", self.name).replace("$", ".")


def _bare(text):
    """Without generics."""
    while True:
        shorter = re.sub(r"<[^<>]*>", "", text)
        if shorter == text:
            return text
        text = shorter


def parse(javap):
    """The classes in the output of javap -p."""
    found = []
    for line in javap.splitlines():
        if re.match(r"[a-z].*\{$", line):
            words = _bare(line).split()
            name = next((words[i + 1] for i, word in enumerate(words[:-1]) if word in ("class", "interface")), "")
            parent = next((words[i + 1] for i, word in enumerate(words[:-1]) if word == "extends"), "")
            found.append(Class(name, parent.split(",")[0]))
        elif re.match(r"  .*;$", line):
            line = _bare(line)
            is_method = "(" in line
            words = re.sub(r"[(;].*", "", line).split()
            name = words[-1] if words else ""
            if re.match(r"(lambda|access|this|val)?\$|lambda\$|this\$|access\$", name) or re.search(r"\$[0-9]+$", name) or \
                    name in ("{}", "static", ""):
                continue
            name = "<init>" if name == found[-1].name else name
            member = name + "()" if is_method else name
            if member not in found[-1].members:
                found[-1].members.append(member)
                if is_method:
                    found[-1].methods.append(member)
    return found


def classes(others):
    """All classes of the jars and the others named, by their full names. Kept until a jar or this file changes."""
    digest = hashlib.sha256("\n".join(others).encode())
    for path in (*JARS, __file__):
        with open(path, "rb") as stream:
            digest.update(stream.read())
    cache = os.path.join(CACHE, digest.hexdigest() + ".json")
    if not os.path.exists(cache):
        names = list(others)
        for jar in JARS:
            with zipfile.ZipFile(jar) as archive:
                names += [name[:-6].replace("/", ".") for name in archive.namelist() if name.endswith(".class")]
        names = [name for name in names if "module-info" not in name]
        javap = ""
        for i in range(0, len(names), 400):
            javap += subprocess.run(["javap", "-p", "-cp", ":".join(JARS), *names[i:i + 400]], capture_output=True, text=True,
                                    check=True).stdout
        os.makedirs(CACHE, exist_ok=True)
        # Several checks may do this at the same time, each in a file of its own; whichever is last stays.
        new = f"{cache}.{os.getpid()}"
        with open(new, "w", encoding="utf-8") as stream:
            json.dump([vars(one) for one in parse(javap)], stream)
        os.replace(new, cache)
    with open(cache, encoding="utf-8") as stream:
        return {one["name"]: Class(**one) for one in json.load(stream)}
