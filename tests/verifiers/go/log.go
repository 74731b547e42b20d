package main

import (
	"bytes"
	"context"
	"fmt"

	"github.com/transparency-dev/formats/log"
	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/client"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

var hasher = rfc6962.DefaultHasher

// sumdbTiles lets Go's checksum-database client read tiles at C2SP's paths: its own are tile/8/L/N.
type sumdbTiles struct {
	ctx   context.Context
	store *store
}

func (sumdbTiles) Height() int                     { return 8 }
func (sumdbTiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (t sumdbTiles) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	read := make([][]byte, 0, len(tiles))
	for _, tile := range tiles {
		data, err := t.store.ReadTile(t.ctx, uint64(tile.L), uint64(tile.N), uint8(tile.W%width))
		if err != nil {
			return nil, err
		}
		read = append(read, data)
	}
	return read, nil
}

// ledger is one tree as three libraries see it.
type ledger struct {
	ctx        context.Context
	store      *store
	checkpoint *log.Checkpoint
	root       tlog.Hash
	sumdb      tlog.HashReader
	builder    *client.ProofBuilder
}

// checkLog checks a whole ledger, and that it goes on from an older checkpoint where one was kept.
func checkLog(place string, keys []note.Verifier, old []byte) (string, error) {
	ctx := context.Background()
	objects, err := openStore(place)
	if err != nil {
		return "", err
	}
	raw, err := objects.ReadCheckpoint(ctx)
	if err != nil {
		return "", err
	}
	checkpoint, key, err := openCheckpoint(raw, keys, "checkpoint")
	if err != nil {
		return "", err
	}
	// The same once more as tessera reads it, from the bytes that were looked at.
	again, _, _, err := client.FetchCheckpoint(ctx, func(context.Context) ([]byte, error) { return raw, nil }, key, checkpoint.Origin)
	if err != nil || again.Size != checkpoint.Size || !bytes.Equal(again.Hash, checkpoint.Hash) {
		return "", &rejected{"malformed", fmt.Sprint("tessera: ", err), "checkpoint", "the same reading"}
	}
	before, err := oldCheckpoint(old, keys, checkpoint)
	if err != nil {
		return "", err
	}
	builder, err := client.NewProofBuilder(ctx, checkpoint.Size, objects.ReadTile)
	if err != nil {
		return "", objects.failure("tile-mismatch", err, "tiles")
	}
	tree := tlog.Tree{N: int64(checkpoint.Size), Hash: tlog.Hash(checkpoint.Hash)}
	l := &ledger{ctx, objects, checkpoint, tree.Hash, tlog.TileHashReader(tree, sumdbTiles{ctx, objects}), builder}
	roots, err := l.leaves(before)
	if err != nil {
		return "", err
	}
	for size, root := range roots {
		if err := l.continues(size, root); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("ok: %s: %s, size %d, signed by %s+%08x", place, checkpoint.Origin, checkpoint.Size, key.Name(), key.KeyHash()), nil
}

// oldCheckpoint reads a checkpoint kept from earlier, signed or its three lines alone, and compares what needs no tree.
func oldCheckpoint(data []byte, keys []note.Verifier, now *log.Checkpoint) (*log.Checkpoint, error) {
	if data == nil {
		return nil, nil
	}
	text := data
	if bytes.Contains(data, []byte("\n\n")) {
		opened, _, err := openNote(data, keys, "the old checkpoint")
		if err != nil {
			return nil, err
		}
		text = []byte(opened.Text)
	}
	old, err := parseText(text, "the old checkpoint")
	switch {
	case err != nil:
		return nil, err
	case old.Origin != now.Origin:
		return nil, &rejected{"wrong-origin", old.Origin, "the old checkpoint", now.Origin}
	case old.Size > now.Size:
		return nil, &rejected{"rollback", fmt.Sprintf("size %d", now.Size), "checkpoint", fmt.Sprintf("%d or more", old.Size)}
	case old.Size == now.Size && !bytes.Equal(old.Hash, now.Hash):
		return nil, &rejected{"fork", fmt.Sprintf("two roots of size %d", now.Size), "checkpoint", fmt.Sprintf("%x", old.Hash)}
	}
	return old, nil
}

// leaves hashes every leaf. Gives the roots of some smaller sizes, as transparency-dev/merkle makes them from the leaves.
func (l *ledger) leaves(old *log.Checkpoint) (map[uint64][]byte, error) {
	factory := compact.RangeFactory{Hash: hasher.HashChildren}
	grown, roots := factory.NewEmptyRange(0), map[uint64][]byte{}
	for bundle := uint64(0); bundle*width < l.checkpoint.Size; bundle++ {
		entries, err := client.GetEntryBundle(l.ctx, l.store.ReadEntryBundle, bundle, l.checkpoint.Size)
		if err != nil {
			return nil, l.store.failure("bundle-mismatch", err, fmt.Sprintf("bundle %d", bundle))
		}
		hashes := make([]int64, len(entries.Entries))
		for n := range entries.Entries {
			hashes[n] = tlog.StoredHashIndex(0, int64(bundle*width)+int64(n))
		}
		// Every tile on the way to the root is authenticated before it gives these.
		proven, err := l.sumdb.ReadHashes(hashes)
		if err != nil {
			return nil, l.store.failure("tile-mismatch", err, fmt.Sprintf("tiles of bundle %d, read by sumdb", bundle))
		}
		for n, entry := range entries.Entries {
			index := bundle*width + uint64(n)
			if tlog.RecordHash(entry) != proven[n] {
				return nil, &rejected{"bundle-mismatch", fmt.Sprintf("leaf %d hashes to %x", index, tlog.RecordHash(entry)), "sumdb", fmt.Sprintf("%x", proven[n])}
			}
			if err := grown.Append(hasher.HashLeaf(entry), nil); err != nil {
				return nil, l.store.failure("malformed", err, "merkle")
			}
			if isSample(index, l.checkpoint.Size) {
				if err := l.included(index, hasher.HashLeaf(entry)); err != nil {
					return nil, err
				}
			}
			size := index + 1
			if (old != nil && size == old.Size) || (isSample(index, l.checkpoint.Size) && size < l.checkpoint.Size) {
				if roots[size], err = grown.GetRootHash(nil); err != nil {
					return nil, l.store.failure("malformed", err, "merkle")
				}
			}
			if old != nil && size == old.Size && !bytes.Equal(roots[size], old.Hash) {
				return nil, &rejected{"fork", fmt.Sprintf("the first %d leaves make %x", size, roots[size]), "merkle", fmt.Sprintf("%x", old.Hash)}
			}
		}
	}
	root, err := grown.GetRootHash(nil)
	if err != nil || !bytes.Equal(root, l.checkpoint.Hash) {
		return nil, &rejected{"root-mismatch", fmt.Sprintf("the leaves make %x", root), "merkle", fmt.Sprintf("%x", l.checkpoint.Hash)}
	}
	return roots, nil
}

// isSample picks the leaves that are proved one by one: the first, the last, those beside powers of two and ends of tiles.
func isSample(index, size uint64) bool {
	beside := func(n uint64) bool { return n&(n-1) == 0 }
	return index == size-1 || beside(index) || beside(index+1) || beside(index+2) || (index+1)%(64*width) == 0
}

// included proves one leaf with the proofs of both libraries.
func (l *ledger) included(index uint64, leaf []byte) error {
	where := fmt.Sprintf("inclusion of leaf %d", index)
	path, err := l.builder.InclusionProof(l.ctx, index)
	if err == nil {
		err = proof.VerifyInclusion(hasher, index, l.checkpoint.Size, leaf, path, l.checkpoint.Hash)
	}
	if err != nil {
		return l.store.failure("proof-mismatch", err, where+", tessera and merkle")
	}
	record, err := tlog.ProveRecord(int64(l.checkpoint.Size), int64(index), l.sumdb)
	if err == nil {
		err = tlog.CheckRecord(record, int64(l.checkpoint.Size), l.root, int64(index), tlog.Hash(leaf))
	}
	if err != nil {
		return l.store.failure("proof-mismatch", err, where+", sumdb")
	}
	return nil
}

// continues proves that the tree of a smaller size is a prefix, with the proofs of both libraries.
func (l *ledger) continues(size uint64, root []byte) error {
	where := fmt.Sprintf("consistency with size %d", size)
	path, err := l.builder.ConsistencyProof(l.ctx, size, l.checkpoint.Size)
	if err == nil {
		err = proof.VerifyConsistency(hasher, size, l.checkpoint.Size, path, root, l.checkpoint.Hash)
	}
	if err != nil {
		return l.store.failure("proof-mismatch", err, where+", tessera and merkle")
	}
	tree, err := tlog.ProveTree(int64(l.checkpoint.Size), int64(size), l.sumdb)
	if err == nil {
		err = tlog.CheckTree(tree, int64(l.checkpoint.Size), l.root, int64(size), tlog.Hash(root))
	}
	if err != nil {
		return l.store.failure("proof-mismatch", err, where+", sumdb")
	}
	return nil
}

// failure names what a library said, or what our own store had told it.
func (s *store) failure(verdict string, err error, where string) error {
	if s.first != nil {
		return s.first
	}
	return &rejected{verdict, err.Error(), where, "what the library accepts"}
}
