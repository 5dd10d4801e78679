"""psql.py ARGUMENT…: psql on the database that DATABASE_URL names, whose password is not among the arguments.

Everybody on the machine sees a process's arguments; its environment only its own user does.
"""

import ctypes
import os
import sys


class Option(ctypes.Structure):
    """PQconninfoOption of libpq-fe.h."""

    _fields_ = [(name, ctypes.c_char_p) for name in ("keyword", "envvar", "compiled", "val", "label", "dispchar")]
    _fields_ += [("dispsize", ctypes.c_int)]


libpq = ctypes.CDLL("libpq.so.5")
libpq.PQconninfoParse.restype = ctypes.POINTER(Option)
options = libpq.PQconninfoParse(os.fsencode(os.environ["DATABASE_URL"]), None)
if not options:
    sys.exit("DATABASE_URL: not a connection URI or key=value string")
given = {}
for option in options:
    if option.keyword is None:
        break
    if option.val is not None:
        given[os.fsdecode(option.keyword)] = os.fsdecode(option.val)
if "password" in given:
    os.environ["PGPASSWORD"] = given.pop("password")
quoted = {key: value.replace("\\", "\\\\").replace("'", "\\'") for key, value in given.items()}
os.execvp("psql", ["psql", " ".join(f"{key}='{value}'" for key, value in quoted.items()), *sys.argv[1:]])
