package edge

import (
	"encoding/binary"
	"fmt"
	"io"
	"sync"
	"time"
)

// A capture writes packets as a file of the format that tcpdump reads
// (www.ietf.org/archive/id/draft-ietf-opsawg-pcap-05.html). Each is written as
// it comes, so that the file is whole whenever the process ends. A nil capture
// takes nothing.
type capture struct {
	mu sync.Mutex
	w  io.Writer
}

const (
	pcapMagic = 0xa1b2c3d4 // with microseconds
	rawIP     = 101        // LINKTYPE_RAW: a packet begins with its IP header
)

func newCapture(w io.Writer) (*capture, error) {
	head := binary.NativeEndian.AppendUint32(nil, pcapMagic)
	head = binary.NativeEndian.AppendUint16(head, 2) // version 2.4
	head = binary.NativeEndian.AppendUint16(head, 4)
	for _, v := range []uint32{0, 0, maxPacket, rawIP} {
		head = binary.NativeEndian.AppendUint32(head, v)
	}
	if _, err := w.Write(head); err != nil {
		return nil, fmt.Errorf("writing the capture: %w", err)
	}
	return &capture{w: w}, nil
}

// write writes a packet. A disk that is full ends no connection.
func (c *capture) write(b []byte) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	record := make([]byte, 0, 16+len(b))
	for _, v := range []uint32{uint32(now.Unix()), uint32(now.Nanosecond() / 1000), uint32(len(b)), uint32(len(b))} {
		record = binary.NativeEndian.AppendUint32(record, v)
	}
	_, _ = c.w.Write(append(record, b...))
}
