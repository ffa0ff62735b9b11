// A thread exchanges the path while it is examined. Both names have one length.
#include "race.h"

int main() {
    char path[] = "./decoy\0\0\0";
    char word[] = "good";
    char environment[] = "LD_WORD=good";
    if (::link("forbidden", "decoX") != 0) {
        victim::broken("link");
    }
    race::run([&] { race::flip(path + 6, path[6] == 'y' ? "X" : "y"); },
              [&] { race::start(path, word, environment); });
}
