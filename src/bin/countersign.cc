// `countersign`: what people type and what hooks run at each tool call. Everything is in cli/; the
// doors' verbs go through without parsing, opening or allocating anything on the way.
#include <string>
#include <vector>

#include "cli/cli.h"
#include "cli/real_world.h"
#include "sys/process.h"

int main(int argc, char** argv) {
    countersign::sys::ignore_broken_pipes();
    const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
    const auto world = countersign::cli::real_world();
    return countersign::cli::run_command(*world, words);
}
