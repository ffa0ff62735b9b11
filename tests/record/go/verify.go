// Checks a published Countersign log and its receipts with Go's own implementation of signed notes
// and Merkle logs (golang.org/x/mod/sumdb/note and tlog), which nobody here wrote. Test only.
//
//	verify KEY DIRECTORY [OLDER_CHECKPOINT...]    a log as tlog-tiles files
//	verify -receipt KEY FILE                      a receipt's checkpoint and inclusion proofs
package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height, width = 8, 256

// openCheckpoint verifies a note and reads the tree in it: origin, size and root, one a line.
func openCheckpoint(key, text string) (tlog.Tree, error) {
	verifier, err := note.NewVerifier(strings.TrimSpace(key))
	if err != nil {
		return tlog.Tree{}, err
	}
	opened, err := note.Open([]byte(text), note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		return tlog.Tree{}, errors.New("not a checkpoint of " + verifier.Name())
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

// reader gives tlog the tiles of a directory. TileHashReader checks each against the tree's root.
type reader struct{ directory string }

func (r reader) Height() int                                { return height }
func (r reader) SaveTiles(tiles []tlog.Tile, data [][]byte) {}
func (r reader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		// Go writes the height into the path; tlog-tiles has only this one.
		path := "tile/" + strings.TrimPrefix(tile.Path(), "tile/8/")
		data, err := os.ReadFile(filepath.Join(r.directory, path))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func entries(directory string, number, size int64) ([][]byte, error) {
	tile := tlog.Tile{H: height, L: -1, N: number, W: width}
	if size < (number+1)*width {
		tile.W = int(size - number*width)
	}
	path := "tile/entries/" + strings.TrimPrefix(tile.Path(), "tile/8/data/")
	data, err := os.ReadFile(filepath.Join(directory, path))
	if err != nil {
		return nil, err
	}
	var list [][]byte
	for len(data) > 0 {
		if len(data) < 2 || len(data) < 2+int(data[0])<<8+int(data[1]) {
			return nil, errors.New(path + ": not an entry bundle")
		}
		length := int(data[0])<<8 + int(data[1])
		list = append(list, data[2:2+length])
		data = data[2+length:]
	}
	if len(list) != tile.W {
		return nil, errors.New(path + ": another number of entries")
	}
	return list, nil
}

// checkEntries compares every entry with its hash in the tree, and proves the outermost two.
func checkEntries(tree tlog.Tree, hashes tlog.HashReader, first int64, list [][]byte) error {
	var indexes []int64
	for i := range list {
		indexes = append(indexes, tlog.StoredHashIndex(0, first+int64(i)))
	}
	leaves, err := hashes.ReadHashes(indexes)
	if err != nil {
		return err
	}
	for i, entry := range list {
		index := first + int64(i)
		if tlog.RecordHash(entry) != leaves[i] {
			return fmt.Errorf("record %d is not the one in the tree", index)
		}
		if i != 0 && i != len(list)-1 {
			continue
		}
		proof, err := tlog.ProveRecord(tree.N, index, hashes)
		if err != nil {
			return err
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, leaves[i]); err != nil {
			return fmt.Errorf("record %d: %w", index, err)
		}
	}
	return nil
}

func verifyLog(key, directory string, older []string) error {
	text, err := os.ReadFile(filepath.Join(directory, "checkpoint"))
	if err != nil {
		return err
	}
	tree, err := openCheckpoint(key, string(text))
	if err != nil {
		return err
	}
	hashes := tlog.TileHashReader(tree, reader{directory})
	for number := int64(0); number*width < tree.N; number++ {
		list, err := entries(directory, number, tree.N)
		if err != nil {
			return err
		}
		if err := checkEntries(tree, hashes, number*width, list); err != nil {
			return err
		}
	}
	for _, path := range older {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		before, err := openCheckpoint(key, string(text))
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		proof, err := tlog.ProveTree(tree.N, before.N, hashes)
		if err != nil {
			return err
		}
		if err := tlog.CheckTree(proof, tree.N, tree.Hash, before.N, before.Hash); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	fmt.Printf("%d records, %d older checkpoints\n", tree.N, len(older))
	return nil
}

func verifyReceipt(key, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var receipt struct {
		Checkpoint string
		Records    []struct {
			Record string
			Proof  []string
		}
	}
	if err := json.Unmarshal(text, &receipt); err != nil {
		return err
	}
	tree, err := openCheckpoint(key, receipt.Checkpoint)
	if err != nil {
		return err
	}
	for _, record := range receipt.Records {
		var envelope struct{ Seq int64 }
		if err := json.Unmarshal([]byte(record.Record), &envelope); err != nil {
			return err
		}
		var proof tlog.RecordProof
		for _, hash := range record.Proof {
			var one tlog.Hash
			data, err := base64.StdEncoding.DecodeString(hash)
			if err != nil || copy(one[:], data) != len(one) {
				return errors.New("a proof hash is no hash")
			}
			proof = append(proof, one)
		}
		leaf := tlog.RecordHash([]byte(record.Record))
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, envelope.Seq, leaf); err != nil {
			return err
		}
	}
	fmt.Printf("%d records of the receipt stand in the log\n", len(receipt.Records))
	return nil
}

func main() {
	arguments := os.Args[1:]
	var err error
	switch {
	case len(arguments) == 3 && arguments[0] == "-receipt":
		err = verifyReceipt(arguments[1], arguments[2])
	case len(arguments) >= 2:
		err = verifyLog(arguments[0], arguments[1], arguments[2:])
	default:
		err = errors.New("usage: verify KEY DIRECTORY [CHECKPOINT...] | verify -receipt KEY FILE")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
