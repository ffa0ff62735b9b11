// A thread exchanges the file behind the name while it is examined.
#include "race.h"

int main() {
    char word[] = "good";
    char environment[] = "LD_WORD=good";
    if (::link("decoy", "target") != 0 || ::link("forbidden", "other") != 0) {
        victim::broken("link");
    }
    std::minstd_rand random(1);
    race::run(
        [&random] {
            race::pause_a_while(random);
            ::syscall(SYS_renameat2, AT_FDCWD, "target", AT_FDCWD, "other", RENAME_EXCHANGE);
        },
        [&] { race::start("./target", word, environment); });
}
