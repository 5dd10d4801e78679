// The two functions as a Go service: net/http, a pgx pool (which prepares and keeps statements), one transaction a
// request.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"strings"

	"github.com/jackc/pgx/v4/pgxpool"
)

const (
	mostTickets   = 100
	mostSeconds   = 7200
	mostBodyBytes = 65536
)

type request struct {
	Data struct {
		Reserved     []string `json:"ticketd_reserved"`
		Tickets      []string `json:"tickets"`
		ReservedTime float64  `json:"reserved_time"`
	} `json:"data"`
}

type answer struct {
	Message string `json:"message"`
	Status  int    `json:"status"`
	Data    any    `json:"data"`
}

type outcome struct {
	Valid       bool     `json:"valido"`
	Tickets     []string `json:"tickets,omitempty"`
	Unavailable []string `json:"nodisponible,omitempty"`
}

type service struct{ pool *pgxpool.Pool }

func write(w http.ResponseWriter, status int, message string, data outcome) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer{message, status, data})
}

// The request's body, or an answer already written.
func read(w http.ResponseWriter, r *http.Request) (request, bool) {
	var body request
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		write(w, http.StatusMethodNotAllowed, "expected POST", outcome{})
		return body, false
	}
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		write(w, http.StatusUnsupportedMediaType, "expected Content-Type: application/json", outcome{})
		return body, false
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, mostBodyBytes)).Decode(&body); err != nil {
		write(w, http.StatusBadRequest, err.Error(), outcome{})
		return body, false
	}
	return body, true
}

// The different tickets in the request's order.
func different(tickets []string) ([]string, error) {
	seen := make(map[string]bool, len(tickets))
	result := make([]string, 0, len(tickets))
	for _, ticket := range tickets {
		if len(ticket) < 1 || len(ticket) > 256 || strings.ContainsRune(ticket, 0) {
			return nil, fmt.Errorf("expected ids of 1 to 256 bytes")
		}
		if !seen[ticket] {
			seen[ticket] = true
			result = append(result, ticket)
		}
	}
	if len(result) < 1 || len(result) > mostTickets {
		return nil, fmt.Errorf("expected 1 to %d different tickets", mostTickets)
	}
	return result, nil
}

func (s service) lock(w http.ResponseWriter, r *http.Request) {
	body, ok := read(w, r)
	if !ok {
		return
	}
	tickets, err := different(body.Data.Reserved)
	if err != nil {
		write(w, http.StatusBadRequest, "data.ticketd_reserved: "+err.Error(), outcome{})
		return
	}
	seconds := body.Data.ReservedTime
	if seconds < 1 || seconds > mostSeconds {
		write(w, http.StatusBadRequest, "data.reserved_time: expected a number from 1 to 7200", outcome{})
		return
	}
	var unavailable []string
	row := s.pool.QueryRow(r.Context(), "SELECT single_hold($1, $2)", tickets, seconds)
	if err := row.Scan(&unavailable); err != nil {
		log.Print(err)
		write(w, http.StatusServiceUnavailable, "outcome unknown", outcome{})
		return
	}
	if len(unavailable) > 0 {
		write(w, http.StatusBadRequest, "Tickets not available", outcome{Unavailable: unavailable})
		return
	}
	write(w, http.StatusOK, "Tickets blocked", outcome{Valid: true, Tickets: tickets})
}

func (s service) unlock(w http.ResponseWriter, r *http.Request) {
	body, ok := read(w, r)
	if !ok {
		return
	}
	tickets, err := different(append(body.Data.Tickets, body.Data.Reserved...))
	if err != nil {
		write(w, http.StatusBadRequest, "data.tickets: "+err.Error(), outcome{})
		return
	}
	if _, err := s.pool.Exec(r.Context(), "SELECT single_release($1)", tickets); err != nil {
		log.Print(err)
		write(w, http.StatusServiceUnavailable, "outcome unknown", outcome{})
		return
	}
	write(w, http.StatusOK, "Tickets unblocked", outcome{Valid: true})
}

// bench-peer SOCKET DATABASE
func main() {
	pool, err := pgxpool.Connect(context.Background(), os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("unix", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	if err := os.Chmod(os.Args[1], 0o666); err != nil {
		log.Fatal(err)
	}
	s := service{pool}
	http.HandleFunc("/tickets_lock", s.lock)
	http.HandleFunc("/tickets_unlock_param", s.unlock)
	log.Fatal(http.Serve(listener, nil))
}
