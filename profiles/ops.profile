# Cluster and cloud credentials are in sight, so each destination and each start that uses them is the
# question; ssh keys and agents are not. A profile of your own can show less: copy this one.
about An agent that operates clusters and clouds: with their credentials, without the person's other secrets
network gated
read everything
show ~/.aws
show ~/.azure
show ~/.config/gcloud
show ~/.kube
processes 4096
temporary 4GiB
