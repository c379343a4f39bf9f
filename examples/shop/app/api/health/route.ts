import { NextResponse } from "next/server";
import { prisma } from "@/lib/prisma";

export const dynamic = "force-dynamic";

// What HEALTH_URL points at: 200 only when the application reaches its database and finds its columns.
export async function GET() {
  try {
    await prisma.order.findFirst({ select: { id: true, status: true, trackingCode: true } });
    return NextResponse.json({ status: "ok" });
  } catch {
    return NextResponse.json({ status: "database" }, { status: 503 });
  }
}
