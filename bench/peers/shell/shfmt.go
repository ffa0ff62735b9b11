// One pass of shfmt's own parser (mvdan.cc/sh) over the texts of a file (see bench/shell.cc):
// nanoseconds, parsing alone.
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"time"

	"mvdan.cc/sh/v3/syntax"
)

func main() {
	file, err := os.Open(os.Args[1])
	if err != nil {
		os.Exit(2)
	}
	reader := bufio.NewReader(file)
	var texts [][]byte
	for {
		var size int
		if _, err := fmt.Fscanf(reader, "%d\n", &size); err != nil {
			break
		}
		text := make([]byte, size)
		if _, err := io.ReadFull(reader, text); err != nil {
			break
		}
		texts = append(texts, text)
	}
	parser := syntax.NewParser(syntax.Variant(syntax.LangBash))
	clean := 0
	begin := time.Now()
	for _, text := range texts {
		if _, err := parser.Parse(bytes.NewReader(text), ""); err == nil {
			clean++
		}
	}
	fmt.Println(time.Since(begin).Nanoseconds(), clean)
}
