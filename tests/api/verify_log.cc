// Verifies a log's files and prints the report as JSON; exit 0 when all is well. For tests that
// must not depend on the command line.
#include <iostream>

#include "audit/files.h"
#include "audit/verify.h"

int main(int argc, char** argv) {
    namespace audit = countersign::audit;
    if (argc != 2) {
        return 2;
    }
    const auto files = audit::real_files();
    const auto report = audit::verify_log(*files, argv[1], {});
    if (!report.ok()) {
        std::cerr << report.error().message << "\n";
        return 2;
    }
    std::cout << audit::report_json(*report) << "\n";
    return report->ok() ? 0 : 1;
}
