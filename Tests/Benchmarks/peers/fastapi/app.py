"""The two functions as a FastAPI service: an asyncpg pool (which prepares and keeps statements), one transaction a
request."""

import os
from contextlib import asynccontextmanager
from typing import Annotated

import asyncpg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

MOST_TICKETS = 100

TicketId = Annotated[str, Field(min_length=1, max_length=256, pattern=r"^[^\x00]*$")]
Tickets = Annotated[list[TicketId], Field(min_length=1)]


class LockData(BaseModel):
    ticketd_reserved: Tickets
    reserved_time: Annotated[float, Field(ge=1, le=7200)]


class LockRequest(BaseModel):
    data: LockData


class UnlockData(BaseModel):
    tickets: Tickets | None = None
    ticketd_reserved: Tickets | None = None


class UnlockRequest(BaseModel):
    data: UnlockData


@asynccontextmanager
async def lifespan(app: FastAPI):
    connections = int(os.environ["BENCH_CONNECTIONS"])
    database = os.environ["BENCH_DATABASE"]
    async with asyncpg.create_pool(database, min_size=connections, max_size=connections) as pool:
        app.state.pool = pool
        yield


app = FastAPI(lifespan=lifespan)


def answer(status: int, message: str, data: dict) -> JSONResponse:
    body = {"message": message, "status": status, "data": data}
    return JSONResponse(body, status, headers={"Cache-Control": "no-store"})


@app.exception_handler(RequestValidationError)
async def refuse(request: Request, error: RequestValidationError) -> JSONResponse:
    first = error.errors()[0]
    member = ".".join(str(part) for part in first["loc"][1:])
    return answer(400, f"{member}: {first['msg']}", {"valido": False})


def different(tickets: list[str] | None) -> list[str] | None:
    result = list(dict.fromkeys(tickets or []))
    return result if 1 <= len(result) <= MOST_TICKETS else None


@app.post("/tickets_lock")
async def lock(request: LockRequest) -> JSONResponse:
    tickets = different(request.data.ticketd_reserved)
    if tickets is None:
        return answer(400, "data.ticketd_reserved: expected at most 100 different tickets", {"valido": False})
    unavailable = await app.state.pool.fetchval("SELECT single_hold($1, $2)", tickets, request.data.reserved_time)
    if unavailable:
        return answer(400, "Tickets not available", {"valido": False, "nodisponible": unavailable})
    return answer(200, "Tickets blocked", {"valido": True, "tickets": tickets})


@app.post("/tickets_unlock_param")
async def unlock(request: UnlockRequest) -> JSONResponse:
    tickets = different(request.data.tickets or request.data.ticketd_reserved)
    if tickets is None:
        return answer(400, "data.tickets: expected 1 to 100 different tickets", {"valido": False})
    await app.state.pool.execute("SELECT single_release($1)", tickets)
    return answer(200, "Tickets unblocked", {"valido": True})
