// May run with "good" as its first word and in its environment, and with nothing else. (As the
// interpreter of a script it gets the script's name as a second word.)
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

int main(int argc, char** argv) {
    const char* word = std::getenv("LD_WORD");
    const bool good = argc >= 2 && std::strcmp(argv[1], "good") == 0 && word != nullptr &&
                      std::strcmp(word, "good") == 0;
    if (!good) {
        return ::open("escaped", O_CREAT | O_WRONLY | O_CLOEXEC, 0644) >= 0 ? 0 : 1;
    }
    return 0;
}
