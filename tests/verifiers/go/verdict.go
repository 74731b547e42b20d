package main

import "fmt"

// Exit statuses, the same as of the verifier in Python.
const (
	statusOK         = 0
	statusFailed     = 1
	statusUsage      = 2
	statusUnreadable = 3
)

// rejected says that a check failed: by a word, with what was found, where, and what was expected.
type rejected struct {
	verdict, what, where, expected string
}

func (r *rejected) Error() string {
	return fmt.Sprintf("%s: %s, %s, expected %s", r.verdict, r.what, r.where, r.expected)
}

// unreadable says that something could not be read, so that nothing is known.
type unreadable struct{ reason string }

func (u *unreadable) Error() string { return "could not read: " + u.reason }
