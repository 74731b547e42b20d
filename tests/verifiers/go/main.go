// Command outside checks ledgers with the programs that others wrote for tlog-tiles: Go's checksum database,
// transparency-dev/merkle and tessera's client. It knows nothing of leaves; whatever those libraries let pass and our formats
// refuse is refused here.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"golang.org/x/mod/sumdb/note"
)

const usage = `usage: outside log URL|DIR --key VKEY [--key VKEY] [--old CHECKPOINT_FILE]
       outside proof FILE --key VKEY [--key VKEY] [--leaf FILE]    (--leaf for a single .tlog-proof)
`

type options struct {
	command, place string
	keys           []string
	old, leaf      string
}

// parseOptions reads the command line; options may stand anywhere after the command.
func parseOptions(words []string) (*options, bool) {
	found := &options{}
	var plain []string
	for len(words) > 0 {
		word := words[0]
		words = words[1:]
		if len(word) < 2 || word[:2] != "--" {
			plain = append(plain, word)
			continue
		}
		if len(words) == 0 {
			return nil, false
		}
		switch word {
		case "--key":
			found.keys = append(found.keys, words[0])
		case "--old":
			found.old = words[0]
		case "--leaf":
			found.leaf = words[0]
		default:
			return nil, false
		}
		words = words[1:]
	}
	if len(plain) != 2 || len(found.keys) == 0 || (plain[0] != "log" && plain[0] != "proof") {
		return nil, false
	}
	found.command, found.place = plain[0], plain[1]
	return found, (found.leaf == "" || found.command == "proof") && (found.old == "" || found.command == "log")
}

func readFile(path string) ([]byte, error) {
	if path == "" {
		return nil, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, &unreadable{err.Error()}
	}
	return data, nil
}

func check(asked *options) (string, error) {
	var keys []note.Verifier
	for _, text := range asked.keys {
		key, err := parseKey(text)
		if err != nil {
			return "", err
		}
		keys = append(keys, key)
	}
	if asked.command == "log" {
		old, err := readFile(asked.old)
		if err != nil {
			return "", err
		}
		return checkLog(asked.place, keys, old)
	}
	data, err := readFile(asked.place)
	if err != nil {
		return "", err
	}
	leaf, err := readFile(asked.leaf)
	if err != nil {
		return "", err
	}
	if bytes.HasPrefix(data, []byte("c2sp.org/tlog-proof@")) {
		return checkProof(data, leaf, keys, asked.place)
	}
	return checkProofFile(data, keys)
}

func main() {
	asked, ok := parseOptions(os.Args[1:])
	if !ok {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(statusUsage)
	}
	said, err := check(asked)
	var unread *unreadable
	switch {
	case err == nil:
		fmt.Println(said)
		os.Exit(statusOK)
	case errors.As(err, &unread):
		fmt.Println(err)
		os.Exit(statusUnreadable)
	default:
		fmt.Println(err)
		os.Exit(statusFailed)
	}
}
