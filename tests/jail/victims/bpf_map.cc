// Programs in the kernel.
#include <linux/bpf.h>
#include <sys/syscall.h>

#include "victim.h"

int main() {
    bpf_attr attributes{};
    attributes.map_type = BPF_MAP_TYPE_ARRAY;
    attributes.key_size = 4;
    attributes.value_size = 4;
    attributes.max_entries = 1;
    ::syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof attributes) >= 0
        ? victim::escaped("a map")
        : victim::prevented();
}
