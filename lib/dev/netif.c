/* netif.c - the machine's network interfaces, as far as they speak IPv4. */

#include "dev/netif.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

static struct in_addr
address_of(const struct sockaddr *addr)
{
	const struct sockaddr_in *in = (const void *)addr;

	return in && in->sin_family == AF_INET ? in->sin_addr :
	    (struct in_addr){ 0 };
}

static void
fill(struct clasp_netif *out, const struct ifaddrs *from)
{
	memset(out, 0, sizeof *out);
	snprintf(out->name, sizeof out->name, "%s", from->ifa_name);
	out->index = if_nametoindex(from->ifa_name);
	out->address = address_of(from->ifa_addr);
	out->mask = address_of(from->ifa_netmask);
	if (from->ifa_flags & IFF_BROADCAST)
		out->broadcast = address_of(from->ifa_broadaddr);
	out->multicast = (from->ifa_flags & IFF_MULTICAST) != 0;
	out->loopback = (from->ifa_flags & IFF_LOOPBACK) != 0;
}

int
clasp_netif_list(struct clasp_netif *out, int max)
{
	struct ifaddrs *all, *at;
	int n = 0;

	if (getifaddrs(&all) < 0)
		return CLASP_EIO;
	for (at = all; at; at = at->ifa_next) {
		if (!at->ifa_addr || at->ifa_addr->sa_family != AF_INET ||
		    !(at->ifa_flags & IFF_UP))
			continue;
		if (n < max)
			fill(&out[n], at);
		n++;
	}
	freeifaddrs(all);
	return n < max ? n : max;
}

int
clasp_netif_find(const char *name, struct clasp_netif *out)
{
	struct clasp_netif all[CLASP_NETIF_MAX];
	struct in_addr address;
	bool numeric = inet_pton(AF_INET, name, &address) == 1;
	int n = clasp_netif_list(all, CLASP_NETIF_MAX), i;

	for (i = 0; i < n; i++)
		if (numeric ? all[i].address.s_addr == address.s_addr :
		    strcmp(all[i].name, name) == 0) {
			*out = all[i];
			return 0;
		}
	return n < 0 ? n : CLASP_ENOENT;
}
