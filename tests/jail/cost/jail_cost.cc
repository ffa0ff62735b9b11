// jail_cost COUNT ROUNDS DIRECTORY: the spawn loop of DIRECTORY natively and under the jail with a
// gateway in this process that allows everything, in turns. Prints the median of each and the
// ratio: what the kernel gate and its verification cost, without any judging.
#include <algorithm>
#include <cstdio>
#include <string>
#include <unistd.h>
#include <vector>

#include "fake_gateway.h"
#include "jail/supervisor.h"
#include "sys/files.h"
#include "sys/paths.h"
#include "sys/process.h"

namespace {

using countersign::jail::RunOptions;
using countersign::jail::testing::FakeGateway;

double figure_in(const std::string& path) {
    const auto text = countersign::sys::read_file(path, 4096);
    return text.ok() ? std::strtod(text.value().c_str(), nullptr) : 0;
}

double native(const std::string& directory, const std::vector<std::string>& words) {
    countersign::sys::SpawnOptions options;
    options.argv = words;
    const auto out = countersign::sys::open_read_write(directory + "/native");
    options.output = out.value().get();
    auto child = countersign::sys::spawn(options);
    return child.ok() && child->wait().ok() ? figure_in(directory + "/native") : 0;
}

double jailed(const std::string& directory, const std::vector<std::string>& words) {
    FakeGateway gateway([](const auto&) { return countersign::client::ActionState::Granted; });
    RunOptions options;
    options.argv = {"/bin/sh", "-c", "\"$0\" \"$@\" > jailed"};
    options.argv.insert(options.argv.end(), words.begin(), words.end());
    options.directory = directory;
    options.workspace = directory;
    options.agent_socket = directory + "/none";
    options.home = directory;
    const auto report = countersign::jail::supervise(options, gateway.askers());
    return report.ok() && report->exit_code == 0 ? figure_in(directory + "/jailed") : 0;
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) {
        std::fputs("usage: jail_cost COUNT ROUNDS PROGRAMS\n", stderr);
        return 2;
    }
    const std::string programs = argv[3];
    const std::string directory =
        countersign::sys::make_temporary_directory(countersign::sys::temporary_directory(), "cost-")
            .take();
    const std::vector<std::string> words = {programs + "/spawn_loop", argv[1],
                                            programs + "/nothing"};
    std::vector<double> plain;
    std::vector<double> held;
    const long rounds = std::strtol(argv[2], nullptr, 10);
    for (long i = 0; i < rounds; ++i) {
        plain.push_back(native(directory, words));
        held.push_back(jailed(directory, words));
    }
    (void)countersign::sys::remove_tree(directory);
    std::printf("native %.1f us, jail %.1f us, ratio %.2f\n", median(plain), median(held),
                median(held) / median(plain));
    return 0;
}
