<?php

// The two functions as a PHP-FPM script: a persistent connection, prepared statements, one transaction a request.

declare(strict_types=1);

const MOST_TICKETS = 100;
const MOST_SECONDS = 7200;

function answer(int $status, string $message, array $data): never
{
    http_response_code($status);
    header('Content-Type: application/json');
    header('Cache-Control: no-store');
    exit(json_encode(['message' => $message, 'status' => $status, 'data' => $data], JSON_UNESCAPED_SLASHES));
}

function refuse(string $message): never
{
    answer(400, $message, ['valido' => false]);
}

/** A persistent connection keeps its prepared statements: only its first request has to prepare them. */
function call(string $name, string $sql, array $parameters): string|null
{
    $database = pg_pconnect(getenv('BENCH_DATABASE')) ?: answer(503, 'database unavailable', ['valido' => false]);
    $result = @pg_execute($database, $name, $parameters);
    if ($result === false) {
        pg_prepare($database, $name, $sql);
        $result = pg_execute($database, $name, $parameters) ?: answer(503, 'outcome unknown', ['valido' => false]);
    }
    return pg_fetch_result($result, 0, 0);
}

function requestData(): array
{
    if (!str_starts_with($_SERVER['CONTENT_TYPE'] ?? '', 'application/json')) {
        answer(415, 'expected Content-Type: application/json', ['valido' => false]);
    }
    $data = json_decode(file_get_contents('php://input'), true)['data'] ?? null;
    return is_array($data) ? $data : refuse('data: expected an object');
}

function tickets(array $data, string $member): array
{
    $tickets = $data[$member] ?? null;
    if (!is_array($tickets) || !array_is_list($tickets) || $tickets === []) {
        refuse("data.$member: expected an array of ticket ids");
    }
    foreach ($tickets as $ticket) {
        if (!is_string($ticket) || $ticket === '' || strlen($ticket) > 256 || str_contains($ticket, "\0")) {
            refuse("data.$member: expected ids of 1 to 256 bytes");
        }
    }
    $tickets = array_values(array_unique($tickets));
    return count($tickets) <= MOST_TICKETS ? $tickets : refuse("data.$member: expected at most 100 different tickets");
}

function arrayLiteral(array $tickets): string
{
    return '{' . implode(',', array_map(fn ($ticket) => '"' . addcslashes($ticket, '"\\') . '"', $tickets)) . '}';
}

function lock(array $data): never
{
    $tickets = tickets($data, 'ticketd_reserved');
    $seconds = $data['reserved_time'] ?? null;
    if (!(is_int($seconds) || is_float($seconds)) || $seconds < 1 || $seconds > MOST_SECONDS) {
        refuse('data.reserved_time: expected a number from 1 to 7200');
    }
    $unavailable = json_decode(call('hold', 'SELECT array_to_json(single_hold($1, $2))', [arrayLiteral($tickets), $seconds]));
    if ($unavailable) {
        answer(400, 'Tickets not available', ['valido' => false, 'nodisponible' => $unavailable]);
    }
    answer(200, 'Tickets blocked', ['valido' => true, 'tickets' => $tickets]);
}

function unlock(array $data): never
{
    $tickets = tickets($data, isset($data['tickets']) ? 'tickets' : 'ticketd_reserved');
    call('release', 'SELECT single_release($1)', [arrayLiteral($tickets)]);
    answer(200, 'Tickets unblocked', ['valido' => true]);
}

match ($_SERVER['DOCUMENT_URI']) {
    '/tickets_lock' => lock(requestData()),
    '/tickets_unlock_param' => unlock(requestData()),
    default => answer(404, 'not found', []),
};
