// The cheapest program: what remains is the cost of starting it.
int main() {
    return 0;
}
