#include "fuse.h"
