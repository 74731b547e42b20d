package main

import (
	"bytes"
	"encoding/json"
	"fmt"

	tlogproof "github.com/transparency-dev/formats/proof"
	"github.com/transparency-dev/merkle/proof"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// proofFile is as much of a proof file as this program checks: that the leaves are in the tree. Everything else in it is for
// the verifier in Python.
type proofFile struct {
	Leaves []proofEntry `json:"leaves"`
	Keys   []proofEntry `json:"keys"`
}

type proofEntry struct {
	Leaf  string `json:"leaf"`
	Proof string `json:"proof"`
}

func checkProofFile(data []byte, keys []note.Verifier) (string, error) {
	var file proofFile
	if err := json.Unmarshal(data, &file); err != nil {
		return "", &rejected{"malformed", err.Error(), "the proof file", "JSON"}
	}
	if len(file.Leaves) == 0 {
		return "", &rejected{"malformed", "no leaves", "the proof file", "1 or more"}
	}
	said := ""
	for n, entry := range append(file.Leaves, file.Keys...) {
		found, err := checkProof([]byte(entry.Proof), []byte(entry.Leaf), keys, fmt.Sprintf("entry %d", n))
		if err != nil {
			return "", err
		}
		if said == "" {
			said = found
		}
	}
	return fmt.Sprintf("%s: %d leaves, %d of keys", said, len(file.Leaves), len(file.Keys)), nil
}

// checkProof checks one tlog-proof with both libraries.
func checkProof(data, leaf []byte, keys []note.Verifier, where string) (string, error) {
	var read tlogproof.TLogProof
	if err := read.Unmarshal(data); err != nil {
		return "", &rejected{"malformed", err.Error(), where, "a tlog-proof"}
	}
	// The library drops carriage returns, zeros before the index and left-over bits of base64.
	if !bytes.Equal(read.Marshal(), data) {
		return "", &rejected{"malformed", "a tlog-proof that is not spelled as it would be written", where, "strict spelling"}
	}
	checkpoint, key, err := openCheckpoint(read.Checkpoint, keys, where)
	if err != nil {
		return "", err
	}
	if read.Index >= checkpoint.Size {
		return "", &rejected{"index-beyond-size", fmt.Sprintf("index %d of %d", read.Index, checkpoint.Size), where, "an index below the size"}
	}
	var path [][]byte
	var record tlog.RecordProof
	for _, hash := range read.Hashes {
		path = append(path, hash[:])
		record = append(record, tlog.Hash(hash))
	}
	if err := proof.VerifyInclusion(hasher, read.Index, checkpoint.Size, hasher.HashLeaf(leaf), path, checkpoint.Hash); err != nil {
		return "", &rejected{"proof-mismatch", err.Error(), where, "a path to the root"}
	}
	if err := tlog.CheckRecord(record, int64(checkpoint.Size), tlog.Hash(checkpoint.Hash), int64(read.Index), tlog.RecordHash(leaf)); err != nil {
		return "", &rejected{"proof-mismatch", err.Error(), where, "a path to the root"}
	}
	return fmt.Sprintf("ok: %s, size %d, signed by %s+%08x", checkpoint.Origin, checkpoint.Size, key.Name(), key.KeyHash()), nil
}
