package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"filippo.io/edwards25519"
	"github.com/transparency-dev/formats/log"
	"golang.org/x/mod/sumdb/note"
)

const (
	sizeMax            = 1 << 62
	checkpointBytesMax = 1_000_000
)

// isStrongPoint tells whether 32 bytes are a canonical point of large order. Go's Ed25519 takes others.
func isStrongPoint(data []byte) bool {
	point, err := new(edwards25519.Point).SetBytes(data)
	if err != nil || !bytes.Equal(point.Bytes(), data) {
		return false
	}
	return new(edwards25519.Point).MultByCofactor(point).Equal(edwards25519.NewIdentityPoint()) == 0
}

// isCanonicalBase64 tells whether text comes out the same when encoded again. Go's decoder drops left-over bits.
func isCanonicalBase64(text string) bool {
	raw, err := base64.StdEncoding.DecodeString(text)
	return err == nil && base64.StdEncoding.EncodeToString(raw) == text
}

// strictVerifier takes no signature whose R is not canonical or of small order.
type strictVerifier struct{ note.Verifier }

func (v strictVerifier) Verify(message, signature []byte) bool {
	return len(signature) == 64 && isStrongPoint(signature[:32]) && v.Verifier.Verify(message, signature)
}

// parseKey reads a verifier key and refuses those that would verify anything.
func parseKey(text string) (note.Verifier, error) {
	bad := &rejected{"malformed", fmt.Sprintf("the key %.80q", text), "--key", "<name>+<id>+<base64>"}
	verifier, err := note.NewVerifier(text)
	parts := strings.SplitN(text, "+", 3)
	if err != nil || len(parts) != 3 || !isCanonicalBase64(parts[2]) || parts[1] != fmt.Sprintf("%08x", verifier.KeyHash()) {
		return nil, bad
	}
	raw, _ := base64.StdEncoding.DecodeString(parts[2])
	if len(raw) != 33 {
		return nil, bad
	}
	if !isStrongPoint(raw[1:]) {
		return nil, &rejected{"weak-key", verifier.Name(), "--key", "a canonical point of large order"}
	}
	return strictVerifier{verifier}, nil
}

// openNote opens a note that one of the keys signed, and every line of theirs is good. Gives the keys that signed.
func openNote(data []byte, keys []note.Verifier, where string) (*note.Note, []note.Verifier, error) {
	if len(data) > checkpointBytesMax {
		return nil, nil, &rejected{"malformed", fmt.Sprintf("%d bytes", len(data)), where, "a checkpoint"}
	}
	opened, err := note.Open(data, note.VerifierList(keys...))
	var invalid *note.InvalidSignatureError
	var unverified *note.UnverifiedNoteError
	switch {
	case errors.As(err, &invalid):
		return nil, nil, &rejected{"bad-signature", err.Error(), where, "a signature that verifies"}
	case errors.As(err, &unverified):
		return nil, nil, &rejected{"unknown-key", err.Error(), where, "a line by a key that was given"}
	case err != nil:
		return nil, nil, &rejected{"malformed", err.Error(), where, "a signed note"}
	}
	var signed []note.Verifier
	// note.Open looks at the first line of each key alone, and takes base64 with left-over bits.
	_, block, _ := bytes.Cut(data[len(opened.Text):], []byte("\n"))
	for _, line := range strings.Split(strings.TrimSuffix(string(block), "\n"), "\n") {
		fields := strings.Split(line, " ")
		if len(fields) != 3 || !isCanonicalBase64(fields[2]) {
			return nil, nil, &rejected{"malformed", fmt.Sprintf("the line %.80q", line), where, "canonical base64"}
		}
		raw, _ := base64.StdEncoding.DecodeString(fields[2])
		for _, key := range keys {
			if key.Name() != fields[1] || key.KeyHash() != binary.BigEndian.Uint32(raw) {
				continue
			}
			if !key.Verify([]byte(opened.Text), raw[4:]) {
				return nil, nil, &rejected{"bad-signature", key.Name(), where, "a signature that verifies"}
			}
			signed = append(signed, key)
		}
	}
	return opened, signed, nil
}

// parseText reads a checkpoint's text: three lines and no more, spelled as they would be written.
func parseText(text []byte, where string) (*log.Checkpoint, error) {
	var checkpoint log.Checkpoint
	rest, err := checkpoint.Unmarshal(text)
	if err != nil || len(rest) > 0 || len(checkpoint.Hash) != 32 || !bytes.Equal(checkpoint.Marshal(), text) || checkpoint.Size > sizeMax {
		return nil, &rejected{"malformed", "a checkpoint's text", where, "origin, size and root in three lines"}
	}
	if checkpoint.Size == 0 {
		return nil, &rejected{"size-zero", "an empty tree", where, "leaf 0, which every tree has"}
	}
	return &checkpoint, nil
}

// openCheckpoint opens a checkpoint that a key of its own name has signed. Gives that key.
func openCheckpoint(data []byte, keys []note.Verifier, where string) (*log.Checkpoint, note.Verifier, error) {
	opened, signed, err := openNote(data, keys, where)
	if err != nil {
		return nil, nil, err
	}
	checkpoint, err := parseText([]byte(opened.Text), where)
	if err != nil {
		return nil, nil, err
	}
	for _, key := range signed {
		if key.Name() == checkpoint.Origin {
			return checkpoint, key, nil
		}
	}
	return nil, nil, &rejected{"wrong-name", "signed by " + signed[0].Name(), where, "a key named " + checkpoint.Origin}
}
