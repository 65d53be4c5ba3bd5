package sdk

import "testing"

func TestSize(t *testing.T) {
	for _, test := range []struct {
		text string
		size Size
		want string // String of it
	}{
		{"0", 0, "0B"}, {"512", 512, "512B"}, {"1KiB", 1024, "1KiB"}, {"10MiB", 10 << 20, "10MiB"}, {"1.5 KiB", 1536, "1536B"},
		{"1GB", 1e9, "1000000000B"}, {"4096TiB", 1 << 52, "4096TiB"},
	} {
		got, err := ParseSize(test.text)
		if err != nil || got != test.size || got.String() != test.want {
			t.Errorf("%q is %d (%s), %v, want %d (%s)", test.text, got, got, err, test.size, test.want)
		}
	}
	for _, text := range []string{"", "x", "-1", "1e3", "16EiB", "9EiB", "1XB"} {
		if got, err := ParseSize(text); err == nil {
			t.Errorf("%q is %d", text, got)
		}
	}
}
