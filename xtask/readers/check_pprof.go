// Reads a profile with pprof's own package and compares it with what must be in it.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/pprof/profile"
)

type expectation struct {
	Started    int64
	Operations []struct {
		Name  string
		Calls int64
		Self  int64
	}
}

func fail(format string, values ...any) {
	fmt.Fprintf(os.Stderr, "error: "+format+"\n", values...)
	os.Exit(1)
}

func main() {
	folder := os.Args[1]
	text, err := os.ReadFile(filepath.Join(folder, "expected.json"))
	if err != nil {
		fail("%v", err)
	}
	var expected expectation
	if err := json.Unmarshal(text, &expected); err != nil {
		fail("%v", err)
	}
	file, err := os.Open(filepath.Join(folder, "profile.pb.gz"))
	if err != nil {
		fail("%v", err)
	}
	found, err := profile.Parse(file)
	if err != nil {
		fail("%v", err)
	}
	if err := found.CheckValid(); err != nil {
		fail("%v", err)
	}
	if found.TimeNanos != expected.Started || found.DefaultSampleType != "time" {
		fail("time %d, default value %s", found.TimeNanos, found.DefaultSampleType)
	}
	calls, self := map[string]int64{}, map[string]int64{}
	for _, sample := range found.Sample {
		name := sample.Location[0].Line[0].Function.Name
		calls[name] += sample.Value[0]
		self[name] += sample.Value[1]
		if len(sample.Label["thread"]) != 1 {
			fail("a sample without a thread")
		}
	}
	if len(calls) != len(expected.Operations) {
		fail("%d operations, wanted %d", len(calls), len(expected.Operations))
	}
	for _, operation := range expected.Operations {
		if calls[operation.Name] != operation.Calls || self[operation.Name] != operation.Self {
			fail("%s: %d calls and %d ns, wanted %d and %d", operation.Name, calls[operation.Name],
				self[operation.Name], operation.Calls, operation.Self)
		}
	}
	fmt.Printf("profile.pb.gz: %d stacks of %d operations, read by pprof's package\n", len(found.Sample), len(calls))
}
