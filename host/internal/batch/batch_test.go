package batch

import (
	"bytes"
	"testing"
)

func TestRecords(t *testing.T) {
	tests := map[string]struct {
		sizes  []int
		stride uint32
	}{
		"one size":            {[]int{48, 48, 48}, 48},
		"single":              {[]int{7}, 7},
		"empty records":       {[]int{0, 0}, 0},
		"grows":               {[]int{8, 8, 16, 8}, 0},
		"empty then not":      {[]int{0, 4, 4}, 0},
		"larger than a batch": {[]int{MaxBytes + 1, 3}, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := Get()
			defer b.Release()
			var want [][]byte
			for i, n := range tt.sizes {
				rec := bytes.Repeat([]byte{byte(i + 1)}, n)
				want = append(want, rec)
				if i%2 == 0 {
					b.Append(rec)
				} else {
					b.AppendSplit(rec[:n/2], rec[n/2:])
				}
			}
			if b.Count != len(want) || b.Stride != tt.stride {
				t.Fatalf("count %d, stride %d; want %d, %d", b.Count, b.Stride, len(want), tt.stride)
			}
			for i := range want {
				if got := b.Record(i); !bytes.Equal(got, want[i]) {
					t.Errorf("record %d has %d bytes, want %d", i, len(got), len(want[i]))
				}
			}
		})
	}
}

func TestAppendMatching(t *testing.T) {
	src, dst := Get(), Get()
	defer src.Release()
	defer dst.Release()
	for i := range 10 {
		src.Append(bytes.Repeat([]byte{byte(i)}, 1+i%3))
	}
	n := dst.AppendMatching(src, func(rec []byte) bool { return rec[0]%2 == 1 })
	if n != 5 || dst.Count != 5 {
		t.Fatalf("kept %d, count %d, want 5", n, dst.Count)
	}
	for i := range dst.Count {
		if rec := dst.Record(i); rec[0] != byte(2*i+1) || len(rec) != 1+(2*i+1)%3 {
			t.Errorf("record %d is %v", i, rec)
		}
	}
}

func TestReleaseTooOften(t *testing.T) {
	b := Get()
	b.Retain()
	b.Release()
	b.refs.Store(0)
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	b.Release()
}

func TestFits(t *testing.T) {
	b := Get()
	defer b.Release()
	if !b.Fits(MaxRecord) {
		t.Error("an empty batch takes a record of any size")
	}
	b.Append(make([]byte, MaxBytes-8))
	if !b.Fits(8) || b.Fits(9) {
		t.Error("a batch closes at MaxBytes")
	}
	b.Reset()
	for range MaxCount {
		b.Append(nil)
	}
	if b.Fits(0) {
		t.Error("a batch closes at MaxCount")
	}
}

func BenchmarkAppend(b *testing.B) {
	rec := make([]byte, 48)
	bt := Get()
	defer bt.Release()
	b.ReportAllocs()
	for b.Loop() {
		if !bt.Fits(len(rec)) {
			bt.Reset()
		}
		bt.Append(rec)
	}
}
