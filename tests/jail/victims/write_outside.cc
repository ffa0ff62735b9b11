// Creates, changes, renames and links where it may not, also through links from where it may.
#include <fcntl.h>
#include <string>
#include <sys/stat.h>

#include "victim.h"

int main() {
    for (const std::string directory : {"/", "/etc", "/usr/bin", "/var/lib", "/root", "/home",
                                        "/run", "/dev", "/proc/sys/kernel", "/sys/kernel"}) {
        const std::string path = directory + "/countersign-victim";
        if (::open(path.c_str(), O_CREAT | O_WRONLY, 0644) >= 0 ||
            ::mkdir(path.c_str(), 0755) == 0 || ::link("forbidden", path.c_str()) == 0 ||
            ::rename("forbidden", path.c_str()) == 0 || ::symlink("x", path.c_str()) == 0) {
            victim::escaped(path.c_str());
        }
    }
    if (::symlink("/etc/passwd", "link") != 0) {
        victim::broken("symlink");
    }
    for (const char* path : {"link", "/etc/passwd", "/proc/sys/kernel/core_pattern",
                             "/proc/sysrq-trigger", "/proc/self/uid_map", "/sys/power/state"}) {
        if (::open(path, O_WRONLY) >= 0 || ::truncate(path, 0) == 0) {
            victim::escaped(path);
        }
    }
    victim::prevented();
}
