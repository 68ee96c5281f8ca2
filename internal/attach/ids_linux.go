package attach

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// An idMap says whose ids a user namespace knows.
type idMap struct {
	users, groups []syscall.SysProcIDMap
	all           bool // those that the caller knows, as only root may
}

// mappings are the maps to try: for root all ids, so that servers can change to
// a user of their own, then the caller's alone, who is root inside.
func mappings() []idMap {
	own := idMap{
		users:  []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}},
		groups: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}},
	}
	users, groups := known("/proc/self/uid_map"), known("/proc/self/gid_map")
	if os.Geteuid() != 0 || len(users) == 0 || len(groups) == 0 {
		return []idMap{own}
	}
	return []idMap{{users, groups, true}, own}
}

// known are the ids that this process knows, each mapped to itself.
func known(path string) []syscall.SysProcIDMap {
	file, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer func() { _ = file.Close() }()
	var ids []syscall.SysProcIDMap
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var inside, outside, count int
		if _, err := fmt.Fscan(strings.NewReader(lines.Text()), &inside, &outside, &count); err == nil {
			ids = append(ids, syscall.SysProcIDMap{ContainerID: inside, HostID: inside, Size: count})
		}
	}
	return ids
}
