"""Clients that send a byte a second, and clients that send nothing at all."""

import asyncio
import json
import sys
from pathlib import Path

from faults._front import demand_served, need_descriptors, watch
from scene import Fault, Scene

CROWD = Path(__file__).resolve().parent.parent / "crowd.py"


async def crowd(scene: Scene, groups: dict[str, int]) -> None:
    """The ordinary load beside these connections must be served as before."""
    wanted, seconds = sum(groups.values()), scene.parameters["seconds"]
    need_descriptors(wanted + 1000)
    words = [str(word) for group in groups.items() for word in group]
    # Not in this process, whose clients they shall not hold up.
    process = await asyncio.create_subprocess_exec(
        sys.executable, CROWD, str(scene.site.port), str(seconds), *words,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL)
    try:
        await process.stdout.readline()
        scene.load.mark()
        requests = await watch(scene, seconds - 1)
        async with asyncio.timeout(30):
            found = json.loads(await process.stdout.read())
    finally:
        if process.returncode is None:
            process.kill()
    scene.note(f"{found['most']} beside them at most, {found['made']} made")
    scene.demand(found["most"] >= 0.9 * wanted, f"only {found['most']} connections were taken")
    demand_served(scene, requests, 1000, int(seconds * scene.load.options.rate / 4))


async def slow(scene: Scene) -> None:
    """Half of them are slow in their header, half in their body."""
    half = scene.parameters["clients"] // 2
    await crowd(scene, {"slow_head": half, "slow_body": half})


async def idlers(scene: Scene) -> None:
    """Half of them have never said a word."""
    half = scene.parameters["connections"] // 2
    await crowd(scene, {"silence": half, "idle": half})


NARROW = {"HOLDFAST_WORKER_CONNECTIONS": "200", "HOLDFAST_WORKER_PROCESSES": "1"}

FAULTS = (
    Fault(name="slow-clients", description="500 clients that send a byte a second",
          inject=slow, full={"clients": 500, "seconds": 75}, quick={"clients": 500, "seconds": 8}),
    Fault(name="slow-clients-control", description="the same with 200 connections in nginx",
          inject=slow, full={"clients": 500, "seconds": 15}, settings=NARROW, expects="ordinary"),
    Fault(name="idle-connections", description="5,000 idle connections to nginx",
          inject=idlers, full={"connections": 5000, "seconds": 30},
          quick={"connections": 5000, "seconds": 5},
          settings={"HOLDFAST_WORKER_CONNECTIONS": "8192"}),
)
