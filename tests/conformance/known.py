"""What the local AWS does not do yet: checks that fail, and why. At most two in a hundred."""

KNOWN: dict[str, str] = {}

GAPS = """\
## What a green run does not prove

1. **Real AWS.** The checks follow AWS's documents. None of the figures above is of a real account; a run
   against one (`--against aws --yes-this-costs`) is worth more than all of them, and is cited with its date
   once there is one.
2. **Containers.** None run. Crashes, failing health checks and failing pulls come from scenarios.
3. **Permissions.** IAM is not enforced, and trust policies are not evaluated.
4. **Durations.** Time is virtual. How long Fargate takes to start a task, or a load balancer to drain one,
   differs from AWS; only the order of states is AWS's.
5. **Rate limits.** Token buckets as documented, where AWS documents them; AWS has more, and changes them.
6. **Eventual consistency.** Only as faults that are asked for, and as the lag of the tagging API.
7. **Traffic.** Weights and rules are kept, and told who asks where a request would go. Nothing is routed.
8. **Scaling.** Policies follow a load that a test states, not metrics.
9. **The size of EC2 instances, Service Connect, EBS volumes, VPC Lattice.** Kept and shown, with nothing
   behind them. Attributes of container instances and placement constraints do not steer where tasks go.
   While a blue/green, linear or canary deployment is under way, tasks stay on an instance that drains.
10. **Blue/green, linear and canary.** Stages, their order and bake times are read from the documents.
    `lifecycleHooks` of a ROLLING deployment are refused, as no document says at which stages they run;
    EventBridge hears nothing of hooks.
11. **Gateways, managed daemons, express services, managed instances, trust stores, the calls of ECS's own
    agents and the other operations listed below.** Absent: they answer once with a 400,
    `SimNotImplemented`, that names them.
12. **Account settings.** Kept and shown. Of all of them only `containerInsights` changes anything: new
    clusters.
13. **Other services.** They are moto's, and as true as moto is: alarms do not watch metrics; policies of IAM
    are kept and not evaluated; Lambda functions do not run; `stale` and `partial` faults leave them alone.
    EventBridge delivers to queues, log groups and buses. Its scheduled rules and EventBridge Scheduler's
    schedules do fire: they run tasks, call any other operation of ECS, and send to queues; to the second,
    also where a time window is flexible, and without a second try. Other targets hear nothing.
14. **Logs.** Containers with the `awslogs` driver write when they start and end, and nothing else. A missing
    log group is held against a task only where somebody has made log groups.
15. **The texts of errors and events.** Codes are held against the documents. Events have the words that
    AWS's documents and published events of real services have; texts of errors are AWS's as far as public
    reports show them. Messages about Availability Zone rebalancing are left out.
16. **Certificates, subnets, security groups and roles.** Any name of the right form will do.
"""
"""What no check can show; the only such list, and the page of the reference has it from here."""
