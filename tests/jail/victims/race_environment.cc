// A thread exchanges the environment while it is examined.
#include "race.h"

int main() {
    char word[] = "good";
    char environment[] = "LD_WORD=good";
    race::run([&] { race::flip(environment + 8, "evil"); },
              [&] { race::start("./decoy", word, environment); });
}
