import { prisma } from "@/lib/prisma";

export const dynamic = "force-dynamic";

export default async function Products() {
  const products = await prisma.product.findMany({
    where: { status: "ACTIVE" },
    orderBy: { id: "asc" },
    take: 20,
  });
  return (
    <main>
      <h1>Shop</h1>
      <ul>
        {products.map((product) => (
          <li key={product.id}>
            {product.title}: {product.price.toFixed(2)}
          </li>
        ))}
      </ul>
    </main>
  );
}
