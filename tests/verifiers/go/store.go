package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/transparency-dev/tessera/api/layout"
)

const (
	width          = 256
	bundleBytesMax = width * (2 + 65535)
	patience       = 30 * time.Second
)

// store reads a ledger's objects by their paths in tlog-tiles, from a folder or below a URL. What it gives has been looked at for
// its length and count, for the libraries take longer ones.
type store struct {
	place string
	http  *http.Client
	above map[string][]byte
	// What was first wrong with an object, for some libraries keep only its text.
	first error
}

func openStore(place string) (*store, error) {
	s := &store{place: strings.TrimRight(place, "/"), above: map[string][]byte{}}
	if strings.HasPrefix(place, "http://") || strings.HasPrefix(place, "https://") {
		s.http = &http.Client{Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		return s, nil
	}
	if found, err := os.Stat(place); err != nil || !found.IsDir() {
		return nil, &unreadable{place + " is no folder"}
	}
	return s, nil
}

// fails remembers what was wrong.
func (s *store) fails(err error) error {
	if s.first == nil {
		s.first = err
	}
	return err
}

// read gives an object of at most so many bytes (and one more, so that a longer one shows), or os.ErrNotExist.
func (s *store) read(ctx context.Context, name string, bytesMax int64) ([]byte, error) {
	if s.http == nil {
		file, err := os.Open(filepath.Join(s.place, filepath.FromSlash(name)))
		if errors.Is(err, os.ErrNotExist) {
			return nil, os.ErrNotExist
		} else if err != nil {
			return nil, &unreadable{err.Error()}
		}
		defer file.Close()
		return io.ReadAll(io.LimitReader(file, bytesMax+1))
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.place+"/"+name, nil)
	if err != nil {
		return nil, &unreadable{err.Error()}
	}
	answer, err := s.http.Do(request)
	if err != nil {
		return nil, &unreadable{err.Error()}
	}
	defer answer.Body.Close()
	switch answer.StatusCode {
	case http.StatusOK:
		data, err := io.ReadAll(io.LimitReader(answer.Body, bytesMax+1))
		if err != nil {
			return nil, &unreadable{err.Error()}
		}
		return data, nil
	case http.StatusNotFound, http.StatusGone:
		return nil, os.ErrNotExist
	}
	return nil, &unreadable{fmt.Sprintf("%s: %s", name, answer.Status)}
}

// ReadCheckpoint has the signature of tessera's CheckpointFetcherFunc.
func (s *store) ReadCheckpoint(ctx context.Context) ([]byte, error) {
	data, err := s.read(ctx, "checkpoint", checkpointBytesMax)
	if errors.Is(err, os.ErrNotExist) {
		return nil, &unreadable{"there is no checkpoint"}
	}
	return data, err
}

// either reads a partial object, or the full one that may stand in for it. Gives the count of items that it should hold.
func (s *store) either(ctx context.Context, path func(uint8) string, partial uint8, bytesMax int64, missing string) ([]byte, int, string, error) {
	if partial != 0 {
		if data, err := s.read(ctx, path(partial), bytesMax); !errors.Is(err, os.ErrNotExist) {
			return data, int(partial), path(partial), err
		}
	}
	data, err := s.read(ctx, path(0), bytesMax)
	if errors.Is(err, os.ErrNotExist) {
		err = &rejected{missing, path(partial) + " is not there", s.place, "it, for a tree of this size"}
	}
	return data, width, path(0), err
}

func items(partial uint8) int {
	if partial == 0 {
		return width
	}
	return int(partial)
}

// ReadTile has the signature of tessera's TileFetcherFunc; a partial tile has no more hashes than were asked for.
func (s *store) ReadTile(ctx context.Context, level, index uint64, partial uint8) ([]byte, error) {
	path := func(p uint8) string { return layout.TilePath(level, index, p) }
	if kept, ok := s.above[path(partial)]; ok {
		return kept, nil
	}
	data, count, name, err := s.either(ctx, path, partial, 32*width, "missing-tile")
	if err != nil {
		return nil, s.fails(err)
	}
	if len(data) != 32*count {
		return nil, s.fails(&rejected{"tile-mismatch", fmt.Sprintf("%d bytes", len(data)), name, fmt.Sprint(32 * count)})
	}
	data = data[:32*items(partial)]
	// One tile in 256 is above the leaves; those are asked for again and again.
	if level > 0 {
		s.above[path(partial)] = data
	}
	return data, nil
}

// ReadEntryBundle has the signature of tessera's EntryBundleFetcherFunc; a partial bundle has as many entries as were asked for.
func (s *store) ReadEntryBundle(ctx context.Context, index uint64, partial uint8) ([]byte, error) {
	path := func(p uint8) string { return layout.EntriesPath(index, p) }
	data, count, name, err := s.either(ctx, path, partial, bundleBytesMax, "missing-bundle")
	if err != nil {
		return nil, s.fails(err)
	}
	found, end, wanted := 0, 0, items(partial)
	for at := 0; at < len(data); found++ {
		if len(data)-at < 2 || len(data)-at-2 < int(binary.BigEndian.Uint16(data[at:])) {
			return nil, s.fails(&rejected{"bundle-mismatch", fmt.Sprintf("entry %d ends beyond the bundle", found), name, "lengths that are exact"})
		}
		at += 2 + int(binary.BigEndian.Uint16(data[at:]))
		if found < wanted {
			end = at
		}
	}
	if found != count {
		return nil, s.fails(&rejected{"bundle-mismatch", fmt.Sprintf("%d entries", found), name, fmt.Sprint(count)})
	}
	return data[:end], nil
}
