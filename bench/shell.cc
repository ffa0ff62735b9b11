// The bash front end alone, on texts that a file gives (a decimal length, a newline, that many
// bytes, again and again): bench/shell.sh writes the file, builds the peers and compares.
//
//   bench_shell pass FILE        nanoseconds of one pass over all texts: parse, parse and resolve
//   bench_shell sizes            time for 1, 2, 4 and 8 MiB of hostile shapes, parsing alone, and
//                                for 128 KiB to 1 MiB (the bound of a text), parsing and resolving
//   bench_shell long             long here-documents: what a decision about them costs here
#include "shell/shell.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/limits.h"
#include "shell/parser.h"

namespace {

using namespace countersign;
using Clock = std::chrono::steady_clock;

std::vector<std::string> read_texts(const char* path) {
    std::ifstream file(path, std::ios::binary);
    std::vector<std::string> texts;
    std::size_t size = 0;
    while (file >> size) {
        file.get();
        std::string text(size, '\0');
        file.read(text.data(), static_cast<std::streamsize>(size));
        texts.push_back(std::move(text));
    }
    return texts;
}

template <class Work>
long long nanoseconds(Work&& work) {
    const auto begin = Clock::now();
    work();
    return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - begin).count();
}

/// The middle of an odd number of runs.
template <class Work>
long long median(Work&& work) {
    std::vector<long long> runs;
    for (int i = 0; i < 5; ++i) {
        runs.push_back(nanoseconds(work));
    }
    std::sort(runs.begin(), runs.end());
    return runs[runs.size() / 2];
}

shell::Surroundings usual() {
    shell::Surroundings surroundings;
    surroundings.directory = "/app";
    surroundings.home = "/root";
    surroundings.zero = "bash";
    return surroundings;
}

int pass(const char* path) {
    const std::vector<std::string> texts = read_texts(path);
    std::size_t valid = 0;
    std::size_t commands = 0;
    const long long parsing = nanoseconds([&] {
        for (const std::string& text : texts) {
            valid += shell::parse(text).ok() ? 1U : 0U;
        }
    });
    const shell::Surroundings surroundings = usual();
    const long long resolving = nanoseconds([&] {
        for (const std::string& text : texts) {
            commands += shell::analyze(text, surroundings).commands.size();
        }
    });
    std::printf("%lld %lld %zu %zu\n", parsing, resolving, valid, commands);
    return texts.empty() ? 1 : 0;
}

std::string repeated(const std::string& piece, std::size_t bytes) {
    std::string text;
    text.reserve(bytes + piece.size());
    while (text.size() < bytes) {
        text += piece;
    }
    return text;
}

struct Shape {
    const char* name;
    const char* piece;
};
constexpr Shape kShapes[] = {
    {"commands", "git commit -m \"fix $X\" && ls -la | grep 'a b' > out\n"},
    {"here-documents", "cat <<E\n$X text `a`\nE\n"},
    {"sixteen here-documents on a line",
     "a <<A <<A <<A <<A <<A <<A <<A <<A <<A <<A <<A <<A <<A <<A <<A <<A\n"
     "A\nA\nA\nA\nA\nA\nA\nA\nA\nA\nA\nA\nA\nA\nA\nA\n"},
    {"((((", "("},
    {"${${${", "${"},
    {"$($($(", "$("},
    {"``", "`a\\`b\\``"},
    {"\"$(\"", "\"$("},
    {"{a,b}{a,b}", "{a,b}"},
    {"case in case", "case x in x) "},
    {"[[ ( [[ (", "[[ ( "},
    {"$(( $((", "$(( "},
    {"quotes", "'a'\"b\"$'c'"},
};

long long parse_beyond_the_bound(const std::string& text) {
    return median([&] {
        shell::Arena arena;
        shell::Parser parser(text, arena, {});
        static_cast<void>(parser.parse_text());
    });
}

int sizes() {
    std::printf("%-34s %9s %9s %9s %9s   ms for 1, 2, 4, 8 MiB, parsing\n", "shape", "1", "2", "4",
                "8");
    for (const Shape& shape : kShapes) {
        std::printf("%-34s", shape.name);
        for (const std::size_t mib : {1U, 2U, 4U, 8U}) {
            const std::string text = repeated(shape.piece, mib << 20U);
            std::printf(" %9.2f", static_cast<double>(parse_beyond_the_bound(text)) / 1e6);
        }
        std::printf("\n");
    }
    std::printf("%-34s %9s %9s %9s %9s   ms for KiB, parsing and resolving\n", "shape", "128",
                "256", "512", "1023");
    for (const Shape& shape : kShapes) {
        std::printf("%-34s", shape.name);
        for (const std::size_t kib : {128U, 256U, 512U, 1023U}) {
            const std::string text = repeated(shape.piece, kib << 10U);
            const long long ns = median([&] { static_cast<void>(shell::analyze(text, usual())); });
            std::printf(" %9.2f", static_cast<double>(ns) / 1e6);
        }
        std::printf("\n");
    }
    return 0;
}

int long_texts() {
    std::printf("%-44s %10s %10s %8s\n", "text", "bytes", "us", "MB/s");
    const char* const bodies[] = {"x = 1  # a line of a program\n", "echo $X and `y` and $(z)\n",
                                  "\tlet a = [1, 2, \"$\"];\n"};
    for (const char* quote : {"'E'", "E"}) {
        for (const char* body : bodies) {
            for (const std::size_t kib : {8U, 64U, 512U}) {
                const std::string text = std::string("cat > f.py <<") + quote + "\n" +
                                         repeated(body, kib << 10U) + "E\npython3 f.py\n";
                const long long ns =
                    median([&] { static_cast<void>(shell::analyze(text, usual())); });
                std::string name = std::string("<<") + quote + " of " + body;
                name.pop_back();
                std::printf("%-44s %10zu %10.1f %8.1f\n", name.c_str(), text.size(),
                            static_cast<double>(ns) / 1e3,
                            static_cast<double>(text.size()) * 1e3 / static_cast<double>(ns));
            }
        }
    }
    return 0;
}

}  // namespace

int main(int count, char** words) {
    const std::string mode = count > 1 ? words[1] : "";
    if (mode == "pass" && count == 3) {
        return pass(words[2]);
    }
    if (mode == "sizes") {
        return sizes();
    }
    if (mode == "long") {
        return long_texts();
    }
    std::fprintf(stderr, "bench_shell pass FILE | sizes | long (hint: ./dev bench shell)\n");
    return 2;
}
