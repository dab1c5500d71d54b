package main

import "golang.org/x/sys/unix"

// sysFstatat is the number of fstatat(2), which has another name on each kind of processor.
const sysFstatat = unix.SYS_FSTATAT
