// A thread exchanges the file behind the name while it is examined.
#include "race.h"

int main() {
    char word[] = "good";
    char environment[] = "LD_WORD=good";
    if (::link("decoy", "target") != 0 || ::link("forbidden", "other") != 0) {
        victim::broken("link");
    }
    race::run(
        [] { ::syscall(SYS_renameat2, AT_FDCWD, "target", AT_FDCWD, "other", RENAME_EXCHANGE); },
        [&] { race::start("./target", word, environment); });
}
