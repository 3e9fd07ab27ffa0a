# Two hosts in one machine whose kernel has PPP: sh mppe.sh pptp|l2tp. What crosses between them goes to /mnt/raw.
exec > /mnt/log 2>&1
set -x
mount -t tmpfs ppp /etc/ppp
mkdir -p /run/xl2tpd
echo 'alice server not-a-secret *' > /etc/ppp/chap-secrets
: > /etc/ppp/options
printf '%s\n' refuse-eap require-mppe-128 nobsdcomp nodeflate novj noipv6 > /tmp/both
printf '%s\n' 'name server' auth refuse-pap refuse-chap refuse-mschap require-mschap-v2 | cat - /tmp/both > /tmp/server
printf '%s\n' 'name alice' 'remotename server' noauth nodefaultroute | cat - /tmp/both > /tmp/client

ip netns add client
ip netns add server
ip link add c0 netns client address 02:00:0a:0b:00:02 type veth peer name s0 netns server address 02:00:0a:0b:00:03
ip -n client addr add 10.11.0.2/24 dev c0
ip -n server addr add 10.11.0.3/24 dev s0
ip -n client link set c0 up
ip -n server link set s0 up
ip netns exec server tcpdump -Z root -n -U -i s0 -w /mnt/raw 'ip proto 47 or tcp port 1723 or udp port 1701' &
sleep 3

case $1 in
  pptp)
    printf '%s\n' 'option /tmp/server' 'listen 10.11.0.3' 'localip 10.12.0.3' 'remoteip 10.12.0.10-20' > /tmp/pptpd
    ip netns exec server pptpd -f -c /tmp/pptpd -p /tmp/pptpd.pid &
    sleep 2
    ip netns exec client pppd pty 'pptp 10.11.0.3 --nolaunchpppd' file /tmp/client nodetach &
    ;;
  l2tp)
    printf '%s\n' '[global]' 'port = 1701' '[lns default]' 'ip range = 10.12.0.10-10.12.0.20' 'local ip = 10.12.0.3' \
      'require authentication = yes' 'name = server' 'pppoptfile = /tmp/server' > /tmp/lns
    printf '%s\n' '[global]' 'port = 1701' '[lac peer]' 'lns = 10.11.0.3' 'autodial = yes' 'name = alice' \
      'pppoptfile = /tmp/client' > /tmp/lac
    ip netns exec server xl2tpd -D -c /tmp/lns -p /tmp/lns.pid -C /tmp/lns.control &
    sleep 2
    ip netns exec client xl2tpd -D -c /tmp/lac -p /tmp/lac.pid -C /tmp/lac.control &
    ;;
esac

for _ in $(seq 30); do
  ip -n client addr show dev ppp0 | grep -q 'inet ' && break
  sleep 1
done
ip netns exec client ping -q -c 4 -i 0.3 10.12.0.3
sleep 1
killall tcpdump
