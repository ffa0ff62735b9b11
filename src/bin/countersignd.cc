// `countersignd`: the gateway, and, as `countersignd judge VERB ...`, judging without one. The
// latter runs for one answer and is what `countersign check|parse|explain|policy` becomes.
#include <string>
#include <string_view>
#include <vector>

#include "bin/countersignd/judge.h"
#include "bin/countersignd/serve.h"
#include "sys/process.h"

#ifdef __SANITIZE_ADDRESS__
/// LeakSanitizer looks at a process from a tracer of its own, which the gateway's confinement
/// forbids; it would end each sanitized gateway with an error of its own making.
extern "C" __attribute__((visibility("default"))) int
__lsan_is_turned_off() {  // NOLINT(bugprone-reserved-identifier)
    return 1;
}
#endif

int main(int argc, char** argv) {
    namespace bin = countersign::bin;
    countersign::sys::ignore_broken_pipes();
    const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
    if (!words.empty() && words.front() == "judge") {
        return bin::judge({words.begin() + 1, words.end()});
    }
    return bin::serve(words);
}
