// A thread exchanges the argument while it is examined.
#include "race.h"

int main() {
    char word[] = "good";
    char environment[] = "LD_WORD=good";
    race::run([&] { race::flip(word, "evil"); },
              [&] { race::start("./decoy", word, environment); });
}
